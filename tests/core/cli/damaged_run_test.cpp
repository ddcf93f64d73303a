// A run whose journal was damaged in the middle: it can be neither gone on with nor taken back, and
// every command says what a person can do instead.
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

class DamagedRunTest : public ProgramScene {
 protected:
  DamagedRunTest() {
    put("book.lua",
        "local a = instance 'a'\na:add { name = 'one' }\na:add { name = 'two' }\n"
        "instance('b'):add { name = 'three', fails = 'after' }\n");
    run_ = new_run([&] {
      EXPECT_EQ(snapcore({"run", path("book.lua"), "--yes", "--on-failure", "hold"}).exit, 7);
    });
    // As if its process had been killed.
    put("state/runs/" + run_ + "/lock", "");
    for (Lease lease : leases()) {
      lease.holder.process = this_process("", "").process;
      ++lease.holder.process.start_ticks;
      ++lease.revision;
      EXPECT_TRUE(store_.write(lease));
    }
  }

  std::vector<Lease> leases() {
    const auto known = store_.list();
    return known ? known->leases : std::vector<Lease>();
  }
  std::string journal() const { return "state/runs/" + run_ + "/journal.jsonl"; }
  // In the first line that has this.
  void flip_a_bit_at(const std::string& what) {
    std::string text = get(journal());
    const auto at = text.find(what);
    ASSERT_NE(at, std::string::npos);
    text[at + 1] = static_cast<char>(text[at + 1] ^ 1);
    put(journal(), text);
  }
  std::string typed() const {
    return "snapcore --site " + path("site.lua") + " --state " + path("state") + " --plugin-dir " +
           std::string(build_folder() / "test_plugins") + " ";
  }

  RealFileSystem fs_;
  RealSleeper sleeper_;
  FileLeaseStore store_{fs_, path("state/leases"), sleeper_};
  std::string run_;
};

TEST_F(DamagedRunTest, WhatWouldGoOnWithItNamesTheCommandThatShowsTheWayOut) {
  flip_a_bit_at("\"name\":\"two\"");
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"resume", run_},
                                             {"rollback", run_, "--yes"},
                                             {"accept", run_, "--yes"},
                                             {"replan", run_, "--yes"},
                                             {"resolve", run_, "root#1", "--done"}}) {
    const Ended refused = snapcore(command);
    EXPECT_EQ(refused.exit, 3) << command.front();
    EXPECT_THAT(refused.err, HasSubstr("journal.corrupt"));
    EXPECT_THAT(unbroken(refused.err),
                HasSubstr("neither go on with run " + run_ + " nor take it back"));
    EXPECT_THAT(refused.err, HasSubstr(typed() + "runs " + run_ + "\n"));
  }
  EXPECT_THAT(names("a"), ElementsAre("calls", "one", "two"));
}

TEST_F(DamagedRunTest, ItIsShownWithWhatAPersonDoesNext) {
  flip_a_bit_at("\"name\":\"two\"");
  const Ended shown = snapcore({"runs", run_});
  EXPECT_EQ(shown.exit, 1);
  const std::string out = unbroken(shown.out);
  const auto besides = out.find("Perhaps done besides");
  const auto by_hand = out.find("To put the old back by hand");
  const auto next = out.find(" Next ");
  EXPECT_LT(besides, by_hand);
  EXPECT_LT(by_hand, next);
  ASSERT_NE(next, std::string::npos);
  EXPECT_THAT(out.substr(besides, by_hand - besides), HasSubstr("b.add: add the entry three"));
  EXPECT_THAT(out.substr(besides, by_hand - besides), HasSubstr("a.add: add the entry two"));
  EXPECT_THAT(out.substr(besides, by_hand - besides), Not(HasSubstr("entry one")));
  EXPECT_THAT(out.substr(by_hand, next - by_hand), HasSubstr("rm one"));
  EXPECT_THAT(out.substr(next), HasSubstr("neither go on with it nor take it back"));
  EXPECT_THAT(out.substr(next), HasSubstr("(a, b)"));
  EXPECT_THAT(shown.out, Not(HasSubstr(" resume " + run_)));
  EXPECT_THAT(shown.out, Not(HasSubstr(" rollback " + run_)));
}

TEST_F(DamagedRunTest, WhatIsToBePastedIsTheRestAndAStartThatGetsItsLeases) {
  flip_a_bit_at("\"name\":\"two\"");
  const Ended shown = snapcore({"runs", run_});
  const std::string fence = std::to_string(leases().at(0).fence);
  const std::string again = typed() + "run " + path("book.lua");
  EXPECT_THAT(shown.out, HasSubstr("  " + again));
  EXPECT_THAT(shown.out, HasSubstr(" --break-lease " + fence + "\n"));
  EXPECT_THAT(shown.out, HasSubstr("tail -n +9 " + path(journal()) + "\n"));
  EXPECT_EQ(snapcore({"call", "a.add", "name=four", "--yes"}).exit, 3);
  EXPECT_EQ(snapcore({"call", "a.add", "name=four", "--yes", "--break-lease", fence}).exit, 0);
}

TEST_F(DamagedRunTest, ItsLinesForProgramsEndWithItsSummary) {
  flip_a_bit_at("\"name\":\"two\"");
  const Ended shown = snapcore({"runs", run_, "--json"});
  EXPECT_EQ(shown.exit, 1);
  const auto last = shown.out.rfind('\n', shown.out.size() - 2) + 1;
  const auto result = Value::parse(shown.out.substr(last));
  ASSERT_TRUE(result);
  EXPECT_EQ(result->at("type").text(), "result");
  EXPECT_EQ(result->at("summary").at("problem").at("code").text(), "journal.corrupt");
  EXPECT_EQ(result->at("summary").at("leases").items().size(), 2U);
}

TEST_F(DamagedRunTest, OneThatCannotBeReadFromItsBeginningSaysWhereToLookAllTheSame) {
  flip_a_bit_at("snapcore-journal");
  const std::string from_the_header = unbroken(snapcore({"runs", run_}).out);
  EXPECT_THAT(from_the_header, HasSubstr("Next"));
  EXPECT_THAT(from_the_header, HasSubstr("Perhaps done besides"));
  EXPECT_THAT(from_the_header, HasSubstr("tail -n +1 "));
  EXPECT_THAT(from_the_header, HasSubstr("--break-lease"));

  std::filesystem::remove(path(journal()));
  const std::string lost = unbroken(snapcore({"runs", run_}).out);
  EXPECT_THAT(lost, HasSubstr("journal.lost"));
  EXPECT_THAT(lost, HasSubstr("--break-lease"));
  EXPECT_THAT(lost, Not(HasSubstr("tail")));
}

TEST_F(DamagedRunTest, OneThatHadEndedAndWasGivenBackIsNotStartedAnew) {
  const std::string done = new_run([&] {
    EXPECT_EQ(snapcore({"call", "b.add", "name=x", "--yes", "--break-lease",
                        std::to_string(leases().at(0).fence)})
                  .exit,
              0);
  });
  const std::string journal = "state/runs/" + done + "/journal.jsonl";
  put(journal, get(journal) + "{}\n");
  const std::string out = unbroken(snapcore({"runs", done}).out);
  EXPECT_THAT(out, HasSubstr("had ended: done"));
  EXPECT_THAT(out, Not(HasSubstr("start anew")));
}

TEST_F(DamagedRunTest, APlanBesideItNamesIt) {
  flip_a_bit_at("\"name\":\"two\"");
  const Ended shown = snapcore({"plan", path("book.lua")});
  EXPECT_THAT(unbroken(shown.err), HasSubstr("run " + run_ + " holds"));
  EXPECT_THAT(shown.err, HasSubstr("its journal cannot be read"));
  EXPECT_THAT(shown.err, HasSubstr(typed() + "runs " + run_ + "\n"));
  EXPECT_THAT(shown.err, Not(HasSubstr("resume")));
}

TEST_F(DamagedRunTest, WhereTheCommandItWasBegunWithIsLostThatIsSaid) {
  put(journal(), "");
  EXPECT_THAT(unbroken(snapcore({"runs", run_}).out),
              HasSubstr("Only then start anew, which takes away from this run what it holds. The "
                        "command that it was begun with is not known: it stood in the journal. Its "
                        "runbook was " +
                        path("book.lua") + ". Give with it: --break-lease "));
  std::filesystem::remove_all(path("state/leases"));
  const std::string out = unbroken(snapcore({"runs", run_}).out);
  EXPECT_THAT(out, HasSubstr("Only then start anew. The command that it was begun with is not "
                             "known: it stood in the journal. Its runbook was " +
                             path("book.lua") + ". "));
}

}  // namespace
}  // namespace snapcore
