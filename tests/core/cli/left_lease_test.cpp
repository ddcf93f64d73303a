// Leases whose run was killed, or is on another host, and what a later run and `runs` make of them.
#include <gmock/gmock.h>

#include "base/real_file_system.hpp"
#include "base/sleeper.hpp"
#include "lease/file_store.hpp"
#include "lease/processes.hpp"
#include "program_scene.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class LeftLeaseTest : public ProgramScene {
 protected:
  LeftLeaseTest() {
    put("burn.lua", "local a = instance 'a'\na:add { name = 'two' }\na:burn { name = 'one' }\n");
    put("add.lua", "instance('a'):add { name = 'two' }\n");
  }
  Ended add(const std::string& name, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"call", "a.add", "name=" + name, "--yes"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return snapcore(arguments);
  }
  std::string done_run() {
    return new_run([&] { EXPECT_EQ(add("one").exit, 0); });
  }

  Lease lease() {
    const auto known = store_.list();
    EXPECT_TRUE(known && known->leases.size() == 1);
    return known->leases.at(0);
  }
  // As if the process that took the lease had been killed before it gave it back.
  void leave_the_lease() {
    Lease left = lease();
    left.released.reset();
    left.holder.process = this_process("", "").process;
    ++left.holder.process.start_ticks;
    write(left);
  }
  // As if it were on another host.
  void hold_elsewhere() {
    Lease held = lease();
    held.released.reset();
    held.holder.host = "elsewhere";
    write(held);
  }
  void write(Lease changed) {
    ++changed.revision;
    EXPECT_TRUE(store_.write(changed));
  }

  std::string journal(const std::string& run) const {
    return "state/runs/" + run + "/journal.jsonl";
  }
  void keep_records(const std::string& run, std::size_t count) {
    std::string text = get(journal(run));
    std::size_t end = 0;
    while (count-- > 0) end = text.find('\n', end) + 1;
    put(journal(run), text.substr(0, end));
  }
  void cut_last_record(const std::string& run) {
    const std::string text = get(journal(run));
    put(journal(run), text.substr(0, text.rfind('\n', text.size() - 2) + 1));
  }

  void expect_taken_over_from(const std::string& run) {
    const Ended later = add("two");
    EXPECT_EQ(later.exit, 0) << later.err;
    EXPECT_THAT(
        unbroken(later.err),
        HasSubstr("run " + run + " left its leases behind, and nothing else: they are taken over"));
    EXPECT_TRUE(lease().released);
  }

  RealFileSystem fs_;
  RealSleeper sleeper_;
  FileLeaseStore store_{fs_, path("state/leases"), sleeper_};
};

TEST_F(LeftLeaseTest, ARunThatWasKilledBehindItsEndHoldsNothingUp) {
  const std::string run = done_run();
  leave_the_lease();
  const std::string later = new_run([&] { expect_taken_over_from(run); });
  EXPECT_THAT(unbroken(snapcore({"runs", later}).out), HasSubstr("left, it was run " + run + "'s"));
}

TEST_F(LeftLeaseTest, ARunThatWasKilledBeforeItsFirstRecordHoldsNothingUp) {
  const std::string run = done_run();
  keep_records(run, 1);
  leave_the_lease();
  expect_taken_over_from(run);

  std::filesystem::remove(path(journal(run)));
  std::filesystem::remove_all(path("state/runs/" + run + "/scratch"));
  Lease left = lease();
  left.holder.run = run;
  write(left);
  leave_the_lease();
  expect_taken_over_from(run);
}

TEST_F(LeftLeaseTest, ARunThatNeverBeganIsCalledThatEverywhere) {
  const std::string whole = done_run();
  const std::string run = new_run([&] { EXPECT_EQ(add("two").exit, 0); });
  put("state/runs/" + run + "/lock", "");  // its process is gone
  const auto is_said = [&](const std::string& by_audit) {
    const Ended shown = snapcore({"runs", run});
    EXPECT_THAT(unbroken(shown.out), HasSubstr("was killed while it was being started: nothing "
                                               "was done"));
    EXPECT_THAT(shown.out, Not(HasSubstr("resume")));
    EXPECT_THAT(shown.out, Not(HasSubstr("damaged")));
    const Ended audited = snapcore({"audit"});
    EXPECT_EQ(audited.exit, 0) << audited.err;
    EXPECT_THAT(audited.out, HasSubstr(whole));
    EXPECT_THAT(unbroken(audited.out + audited.err), HasSubstr(by_audit));
  };
  const std::string killed = "run " + run + " was killed while it was being started";
  keep_records(run, 1);
  is_said(run + ": 0 records");
  std::filesystem::remove(path(journal(run)));
  std::filesystem::remove_all(path("state/runs/" + run + "/scratch"));
  is_said(killed);
  put(journal(run), "");
  is_said(killed);
}

TEST_F(LeftLeaseTest, ARunThatStandsHalfWayKeepsThem) {
  const std::string run = done_run();
  cut_last_record(run);
  leave_the_lease();
  const Ended refused = add("two");
  EXPECT_EQ(refused.exit, 3);
  EXPECT_THAT(unbroken(refused.err), HasSubstr("finish or undo run " + run));
}

TEST_F(LeftLeaseTest, ARunThatHeldForAPersonKeepsThem) {
  const std::string run = new_run([&] {
    EXPECT_EQ(add("one", {"fails=after", "--on-failure", "hold"}).exit, 7);
  });
  leave_the_lease();
  EXPECT_EQ(add("two").exit, 3);
  EXPECT_THAT(names("a"), ElementsAre("calls", "one"));
}

TEST_F(LeftLeaseTest, WhereThereIsNoSuchRunTheHintIsANumberThatWorks) {
  const std::string run = done_run();
  std::filesystem::remove_all(path("state/runs/" + run));
  leave_the_lease();
  const Ended refused = add("two");
  EXPECT_EQ(refused.exit, 3);
  const std::string number = std::to_string(lease().fence);
  EXPECT_THAT(unbroken(refused.err), HasSubstr("there is no run " + run + " here"));
  EXPECT_THAT(unbroken(refused.err), HasSubstr("--break-lease " + number));
  EXPECT_THAT(refused.err, Not(HasSubstr("snapcore runs")));
  EXPECT_EQ(add("two", {"--break-lease", number}).exit, 0);
}

TEST_F(LeftLeaseTest, ARunOnAnotherHostIsNotCalledCutOffWhileItsLeaseIsFresh) {
  const std::string run = done_run();
  cut_last_record(run);
  std::filesystem::remove(path("state/runs/" + run + "/lock"));
  hold_elsewhere();
  clock_.advance(std::chrono::seconds(20));
  for (const Ended& shown : {snapcore({"runs"}), snapcore({"runs", run})}) {
    EXPECT_THAT(unbroken(shown.out),
                HasSubstr("goes on on elsewhere, as far as its lease says: renewed 20 s ago, at "
                          "2026-01-02T03:04:05Z"));
    EXPECT_THAT(shown.out, Not(HasSubstr("cut off")));
    EXPECT_THAT(shown.out, Not(HasSubstr(" resume " + run)));
  }
  EXPECT_THAT(snapcore({"runs", "--json"}).out, HasSubstr(R"("host":"elsewhere")"));
}

TEST_F(LeftLeaseTest, OnceTheLeaseHasExpiredItIsSaidWhenItsRunWasSeenLast) {
  const std::string run = done_run();
  cut_last_record(run);
  std::filesystem::remove(path("state/runs/" + run + "/lock"));
  hold_elsewhere();
  clock_.advance(std::chrono::minutes(5));
  const Ended shown = snapcore({"runs", run});
  EXPECT_THAT(unbroken(shown.out),
              HasSubstr("has no end, and its process on elsewhere cannot be seen from here: its "
                        "lease was renewed last 5 min ago, at 2026-01-02T03:04:05Z"));
  EXPECT_THAT(shown.out, HasSubstr(" resume " + run));
  leave_the_lease();
  Lease here = lease();
  here.holder.host = this_process("", "").host;
  write(here);
  EXPECT_THAT(snapcore({"runs"}).out, HasSubstr("was cut off before it ended"));
}

TEST_F(LeftLeaseTest, APlanThatAGuardRefusesNamesTheRunThatStandsInItsWayFirst) {
  const std::string run = done_run();
  cut_last_record(run);
  leave_the_lease();
  const Lease left = lease();
  for (const auto& command :
       std::vector<std::vector<std::string>>{{"run", path("burn.lua"), "--yes"},
                                             {"run", path("burn.lua"), "--dry-run"},
                                             {"plan", path("burn.lua")},
                                             {"plan", path("burn.lua"), "--json"}}) {
    const Ended refused = snapcore(command);
    EXPECT_EQ(refused.exit, 3);
    const std::string said = unbroken(command.back() == "--json" ? refused.out : refused.err);
    EXPECT_THAT(said, HasSubstr("guard.loss_not_accepted"));
    EXPECT_THAT(said, HasSubstr("run " + run + " stands half way and holds ledger:" + path("a")));
    EXPECT_LT(said.find("run " + run + " stands"), said.find("cannot be taken back"));
    const std::string typed = " --site " + path("site.lua") + " --state " + path("state");
    for (const char* next : {"runs", "resume", "rollback"}) {
      const auto told =
          said.find("snapcore" + typed + " --plugin-dir " +
                    std::string(build_folder() / "test_plugins") + " " + next + " " + run);
      EXPECT_LT(told, said.find("--accept-loss a Besides, to take away")) << next << "\n" << said;
    }
  }
  EXPECT_EQ(lease(), left);
  EXPECT_THAT(names("a"), ElementsAre("calls", "one"));
}

TEST_F(LeftLeaseTest, APlanThatCannotBeMadeNamesTheRunThatStandsHalfWay) {
  put("lost.lua", "instance('a'):add { name = 'two' }\nerror 'nothing to restore'\n");
  put("typo.lua", "instance('a'):ad { name = 'two' }\n");
  const std::string run = done_run();
  EXPECT_THAT(snapcore({"plan", path("lost.lua")}).err, Not(HasSubstr(run)));
  cut_last_record(run);
  leave_the_lease();
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"plan", path("lost.lua")}, {"run", path("lost.lua"), "--yes"}}) {
    const std::string said = unbroken(snapcore(command).err);
    const auto why = said.find("nothing to restore");
    const auto who = said.find("run " + run + " stands half way and holds ledger:" + path("a"));
    EXPECT_LT(why, who) << said;
    EXPECT_LT(who, said.find(" resume " + run)) << said;
    EXPECT_THAT(said, HasSubstr(" rollback " + run));
  }
  EXPECT_THAT(snapcore({"plan", path("lost.lua"), "--json"}).out,
              HasSubstr(R"("unfinished":[{"at_work":false)"));
  EXPECT_THAT(snapcore({"plan", path("typo.lua")}).err, Not(HasSubstr(run)));
}

TEST_F(LeftLeaseTest, APlanThatIsOnlyShownSaysWhatStandsInItsWayAndKeepsItsDigest) {
  const std::string run = done_run();
  cut_last_record(run);
  const auto digest = [](const Ended& shown) {
    return shown.out.substr(shown.out.find("Plan digest"), 76);
  };
  const std::string free = digest(snapcore({"plan", path("add.lua")}));
  leave_the_lease();
  for (const char* how : {"plan", "run"}) {
    std::vector<std::string> command = {how, path("add.lua")};
    if (how == std::string("run")) command.emplace_back("--dry-run");
    const Ended shown = snapcore(command);
    EXPECT_EQ(shown.exit, 0) << shown.err;
    EXPECT_EQ(digest(shown), free);
    EXPECT_THAT(unbroken(shown.err),
                HasSubstr("run " + run + " stands half way and holds ledger:"));
    EXPECT_THAT(shown.err, HasSubstr(" rollback " + run));
  }
  EXPECT_THAT(snapcore({"plan", path("add.lua"), "--json"}).out,
              HasSubstr(R"("held_by":[{"at_work":false,"resources":["ledger:)"));
}

TEST_F(LeftLeaseTest, ARunThatIsAtWorkOnItIsSaidToBe) {
  const std::string run = done_run();
  Lease held = lease();
  held.released.reset();
  write(held);
  const Ended refused = snapcore({"run", path("burn.lua"), "--yes"});
  EXPECT_THAT(unbroken(refused.err), HasSubstr("run " + run + " is at work on ledger:"));
  EXPECT_THAT(refused.err, HasSubstr("--lock-wait"));
  EXPECT_THAT(refused.err, Not(HasSubstr("rollback")));
  EXPECT_THAT(refused.err, Not(HasSubstr("--break-lease")));
}

TEST_F(LeftLeaseTest, WhatIsTakenOverOrAboutToBeBrokenStandsInNobodysWay) {
  const std::string run = done_run();
  leave_the_lease();
  EXPECT_THAT(snapcore({"run", path("burn.lua"), "--yes"}).err, Not(HasSubstr(run)));
  cut_last_record(run);
  const std::string number = std::to_string(lease().fence);
  EXPECT_THAT(snapcore({"run", path("burn.lua"), "--yes", "--break-lease", number}).err,
              Not(HasSubstr(run)));
}

TEST_F(LeftLeaseTest, APlanNeedsNoLeasesThatCanBeRead) {
  const std::string run = done_run();
  cut_last_record(run);
  for (const std::string& file : names("state/leases")) put("state/leases/" + file, "damaged\n");
  const Ended shown = snapcore({"plan", path("add.lua")});
  EXPECT_EQ(shown.exit, 0) << shown.err;
  EXPECT_THAT(shown.err, Not(HasSubstr("run " + run)));
}

}  // namespace
}  // namespace snapcore
