// Runs on the same thing, one after the other: what the newer did is never buried under the older.
#include <gmock/gmock.h>

#include "program_scene.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class NewerRunTest : public ProgramScene {
 protected:
  NewerRunTest() {
    for (const char* name : {"store", "live"}) std::filesystem::create_directory(path(name));
    put("site.lua", "return { instances = {\n  a = { plugin = 'ledger', path = '" + path("a") +
                        "' },\n  b = { plugin = 'ledger', path = '" + path("b") +
                        "' },\n  store = { plugin = 'plain_c', path = '" + path("store") +
                        "' },\n  note = { plugin = 'plain_c', path = '" + path("live") +
                        "', file = 'note' },\n} }\n");
    put("restore.lua",
        "target('note'):restore { from = source('store'):latest { kind = 'plain-note' } }\n");
    put("live/note", "NOTE berlin\nold\nEND\n");
  }
  std::string restore(const std::string& words) {
    put("store/new.note", "NOTE berlin\n" + words + "\nEND\n");
    const std::string run = new_run([&] {
      const Ended ended = snapcore({"run", path("restore.lua"), "--yes", "--waive", "healthy=t"});
      EXPECT_EQ(ended.exit, 0) << ended.err;
    });
    EXPECT_EQ(note(), words);
    return run;
  }
  std::string note() const {
    std::ifstream file(path("live/note"));
    std::string line;
    std::getline(file, line);
    std::getline(file, line);
    return line;
  }
  std::string add(const std::string& instance, const std::string& name,
                  std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"call", instance + ".add", "name=" + name, "--yes"});
    return new_run([&] { snapcore(more); });
  }
  Ended rollback(const std::string& run) { return snapcore({"rollback", run, "--yes"}); }
  void expect_refused(const Ended& ended, const std::string& newer) {
    EXPECT_EQ(ended.exit, 3);
    EXPECT_THAT(ended.err, HasSubstr("run.newer_run"));
    EXPECT_THAT(unbroken(ended.err), HasSubstr(" rollback " + newer));
  }
};

TEST_F(NewerRunTest, ARestoreIsTakenBackOnlyAfterTheOneThatCameLater) {
  const std::string first = restore("new1");
  clock_.advance(std::chrono::seconds(1));
  const std::string second = restore("new2");

  expect_refused(rollback(first), second);
  EXPECT_EQ(snapcore({"rollback", first}).exit, 3);
  EXPECT_EQ(note(), "new2");
  EXPECT_EQ(rollback(second).exit, 0);
  EXPECT_EQ(note(), "new1");
  EXPECT_EQ(rollback(first).exit, 0);
  EXPECT_EQ(note(), "old");
}

TEST_F(NewerRunTest, OfOneSecondTheOneThatTookItsLeasesLaterIsTheNewerOne) {
  for (int round = 0; round < 4; ++round) {
    const std::string first = add("a", "one"), second = add("a", "two");
    expect_refused(rollback(first), second);
    EXPECT_EQ(rollback(second).exit, 0);
    EXPECT_EQ(rollback(first).exit, 0);
  }
}

TEST_F(NewerRunTest, AClockThatWasSetBackTurnsNoOrderRound) {
  const std::string first = restore("new1");
  clock_.advance(-std::chrono::hours(1));
  const std::string second = restore("new2");
  clock_.advance(-std::chrono::hours(1));
  const std::string third = restore("new3");
  EXPECT_LT(third, first);

  expect_refused(rollback(first), third);
  expect_refused(rollback(second), third);
  EXPECT_EQ(rollback(third).exit, 0);
  expect_refused(rollback(first), second);
  EXPECT_EQ(rollback(second).exit, 0);
  EXPECT_EQ(note(), "new1");
  EXPECT_EQ(rollback(first).exit, 0);
  EXPECT_EQ(note(), "old");
}

TEST_F(NewerRunTest, LeasesThatSomebodyRemovedTurnNoOrderRound) {
  const std::string first = add("a", "one"), second = add("a", "two");
  std::filesystem::remove_all(path("state/leases"));
  clock_.advance(-std::chrono::hours(1));
  const std::string third = add("a", "three");
  expect_refused(rollback(second), third);
  EXPECT_EQ(rollback(third).exit, 0);
  EXPECT_EQ(rollback(second).exit, 0);
  EXPECT_EQ(rollback(first).exit, 0);
}

TEST_F(NewerRunTest, TheNewestIsNamedFirst) {
  const std::string first = add("a", "one"), second = add("a", "two"), third = add("a", "three");
  const Ended refused = rollback(first);
  EXPECT_THAT(unbroken(refused.err),
              HasSubstr("runs " + third + " and " + second + " acted on it later"));
  expect_refused(refused, third);
  EXPECT_THAT(names("a"), ElementsAre("calls", "one", "three", "two"));
}

TEST_F(NewerRunTest, OneThatActedElsewhereOrLeftNothingIsNoReason) {
  const std::string first = add("a", "one");
  add("b", "two");
  add("a", "three", {"--on-failure", "rollback", "fails=after"});
  add("a", "four", {"--on-failure", "rollback", "fails=before"});
  EXPECT_EQ(rollback(add("a", "five")).exit, 0);
  EXPECT_EQ(snapcore({"call", "a.add", "name=six", "--dry-run"}).exit, 0);
  const Ended done = rollback(first);
  EXPECT_EQ(done.exit, 0) << done.err;
  EXPECT_THAT(names("a"), ElementsAre("calls"));
  EXPECT_THAT(names("b"), ElementsAre("calls", "two"));
}

TEST_F(NewerRunTest, AfterOneThatWasAcceptedTheOlderCanOnlyBeAccepted) {
  const std::string first = add("a", "one"), second = add("a", "two");
  EXPECT_EQ(snapcore({"accept", second, "--yes"}).exit, 0);
  const Ended refused = rollback(first);
  EXPECT_EQ(refused.exit, 3);
  EXPECT_THAT(unbroken(refused.err), HasSubstr("was accepted"));
  EXPECT_THAT(unbroken(refused.err), HasSubstr(" accept " + first));
  EXPECT_THAT(unbroken(refused.err), Not(HasSubstr(" rollback ")));
  EXPECT_EQ(snapcore({"accept", first, "--yes"}).exit, 0);
}

TEST_F(NewerRunTest, AcceptingTheOlderMakesItNoNewerOne) {
  const std::string first = add("a", "one"), second = add("a", "two");
  EXPECT_EQ(snapcore({"accept", first, "--yes"}).exit, 0);
  EXPECT_EQ(rollback(second).exit, 0);
}

TEST_F(NewerRunTest, AHeldRunThatLostItsLeaseToOneThatIsDoneNeitherGoesOnNorBack) {
  const std::string held = add("a", "one", {"fails=after", "--on-failure", "hold"});
  // As if it had been broken: here, the process that holds it is this one.
  std::filesystem::remove_all(path("state/leases"));
  clock_.advance(std::chrono::seconds(1));
  const std::string thief = add("a", "two");
  expect_refused(rollback(held), thief);
  expect_refused(snapcore({"resume", held}), thief);
  EXPECT_THAT(names("a"), ElementsAre("calls", "one", "two"));
  EXPECT_THAT(snapcore({"runs", held, "--json"}).out,
              HasSubstr(R"("first":{"category":"precondition","code":"run.newer_run")"));
  const std::string below = unbroken(snapcore({"runs", held}).out);
  EXPECT_THAT(below, HasSubstr("run " + thief + " acted on it later, and that stands"));
  EXPECT_THAT(below, HasSubstr(" rollback " + thief));
  EXPECT_THAT(below, Not(HasSubstr(" resume " + held)));
  EXPECT_THAT(below, Not(HasSubstr(" rollback " + held)));
  EXPECT_EQ(rollback(thief).exit, 0);
  EXPECT_THAT(unbroken(snapcore({"runs", held}).out), HasSubstr(" resume " + held));
  EXPECT_EQ(rollback(held).exit, 0);
  EXPECT_THAT(names("a"), ElementsAre("calls"));
}

TEST_F(NewerRunTest, ADamagedJournalOfANewerRunIsNoProofThatItLeftNothing) {
  const std::string first = add("a", "one"), second = add("a", "two");
  std::ofstream(path("state/runs/" + second + "/journal.jsonl"), std::ios::app) << "{}\n";
  EXPECT_EQ(rollback(first).exit, 3);
  EXPECT_THAT(names("a"), ElementsAre("calls", "one", "two"));
}

}  // namespace
}  // namespace snapcore
