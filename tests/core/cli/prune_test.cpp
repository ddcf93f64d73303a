// runs prune: what may go, what stays and why, and that nothing goes without --yes.
#include <gmock/gmock.h>

#include "program_scene.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class PruneTest : public ProgramScene {
 protected:
  std::string add(const std::string& name, const std::string& fails = "never") {
    return new_run([&] {
      snapcore(
          {"call", "a.add", "name=" + name, "fails=" + fails, "--on-failure", "hold", "--yes"});
    });
  }
  std::string add_and_accept(const std::string& name) {
    const std::string run = add(name);
    EXPECT_EQ(snapcore({"accept", run, "--yes"}).exit, 0);
    return run;
  }
  Ended prune(std::vector<std::string> more) {
    more.insert(more.begin(), {"runs", "prune"});
    return snapcore(std::move(more));
  }
};

TEST_F(PruneTest, FirstItOnlySaysWhatWouldGoAndThenItGoes) {
  const std::string old = add_and_accept("one");
  clock_.advance(std::chrono::hours(24 * 40));
  const std::string fresh = add_and_accept("two");

  const Ended listed = prune({"--older-than", "30d"});
  EXPECT_EQ(listed.exit, 0);
  EXPECT_THAT(listed.out, HasSubstr("Would remove 1 run, "));
  EXPECT_THAT(listed.out, HasSubstr(old));
  EXPECT_THAT(listed.out, Not(HasSubstr(fresh)));
  EXPECT_THAT(listed.err, HasSubstr("--yes"));
  EXPECT_THAT(names("state/runs"), ElementsAre(old, fresh));

  const Ended done = prune({"--older-than", "30d", "--yes"});
  EXPECT_EQ(done.exit, 0);
  EXPECT_THAT(done.out, HasSubstr("Removed 1 run, "));
  EXPECT_THAT(names("state/runs"), ElementsAre(fresh));
  EXPECT_THAT(prune({"--older-than", "30d", "--yes"}).out, HasSubstr("Removed 0 runs, 0 B"));
}

TEST_F(PruneTest, TheNewestStayWhenAsked) {
  add_and_accept("one");
  clock_.advance(std::chrono::hours(1));
  const std::string newest = add_and_accept("two");
  clock_.advance(std::chrono::hours(24 * 40));
  EXPECT_THAT(prune({"--keep", "1", "--older-than", "30d", "--yes"}).out, HasSubstr("1 run"));
  EXPECT_THAT(names("state/runs"), ElementsAre(newest));
  prune({"--keep", "0", "--yes"});
  EXPECT_THAT(names("state/runs"), SizeIs(0));
}

TEST_F(PruneTest, WhatCanStillBeTakenBackStaysUntilSomebodyGivesThatUp) {
  const std::string run = add("one");
  const Ended stays = prune({"--keep", "0", "--yes"});
  EXPECT_EQ(stays.exit, 0);
  EXPECT_THAT(stays.out, HasSubstr("Removed 0 runs"));
  EXPECT_THAT(stays.out, HasSubstr(run + " stays: it can still be taken back"));
  EXPECT_THAT(stays.out, HasSubstr(" accept " + run));
  EXPECT_THAT(names("state/runs"), ElementsAre(run));
  EXPECT_THAT(prune({"--keep", "0", "--yes", "--give-up-way-back"}).out,
              HasSubstr("Removed 1 run"));
  EXPECT_THAT(names("a"), ElementsAre("calls", "one")) << "what it did stays done";
}

TEST_F(PruneTest, WhatStandsHalfWayStaysWhateverIsAsked) {
  const std::string run = add("one", "after");
  const Ended stays = prune({"--keep", "0", "--yes", "--give-up-way-back"});
  EXPECT_THAT(stays.out, HasSubstr(run + " stays: it holds leases"));
  std::filesystem::remove_all(path("state/leases"));
  EXPECT_THAT(prune({"--keep", "0", "--yes", "--give-up-way-back"}).out,
              HasSubstr(run + " stays: it stands half way"));
  EXPECT_THAT(names("state/runs"), ElementsAre(run));
  EXPECT_EQ(snapcore({"rollback", run, "--yes"}).exit, 0);
  EXPECT_THAT(prune({"--keep", "0", "--yes"}).out, HasSubstr("Removed 1 run"));
}

TEST_F(PruneTest, ADamagedRunStaysAndOneThatNeverBeganGoesOnceItIsNoneThatBegins) {
  const std::string run = add_and_accept("one");
  put("state/runs/" + run + "/journal.jsonl", "{}\n");
  std::filesystem::create_directory(path("state/runs/20260102T030405Z-0000"));
  EXPECT_THAT(prune({"--keep", "0", "--yes"}).out, HasSubstr("Removed 0 runs"));
  clock_.advance(std::chrono::hours(2));
  const Ended ended = prune({"--keep", "0", "--yes"});
  EXPECT_THAT(ended.out, HasSubstr("Removed 1 run"));
  EXPECT_THAT(ended.out, HasSubstr(run + " stays: its journal cannot be read"));
  EXPECT_THAT(names("state/runs"), ElementsAre(run));
}

TEST_F(PruneTest, WithJsonEachRunIsALine) {
  const std::string gone = add_and_accept("one"), stays = add("two");
  const Ended ended = prune({"--keep", "0", "--yes", "--json"});
  EXPECT_THAT(ended.out, HasSubstr("\"run\":\"" + gone + "\",\"state\":\"removed\""));
  EXPECT_THAT(ended.out, HasSubstr("\"run\":\"" + stays + "\",\"state\":\"stays\""));
  EXPECT_THAT(ended.out, HasSubstr("\"removed\":1"));
}

TEST_F(PruneTest, WhatIsMeantMustBeSaid) {
  EXPECT_EQ(prune({}).exit, 4);
  EXPECT_EQ(prune({"--older-than", "old"}).exit, 4);
  EXPECT_EQ(prune({"--keep", "-1"}).exit, 4);
  EXPECT_EQ(snapcore({"runs", "--yes"}).exit, 4);
  EXPECT_EQ(snapcore({"runs", "20260102T030405Z-0000", "--keep", "3"}).exit, 4);
}

}  // namespace
}  // namespace snapcore
