// retry: what may go away by itself is tried again, in the one body that was planned.
#include <gmock/gmock.h>

#include "scene.hpp"

namespace snapcore {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Step step(const std::string& operation, const std::string& name) {
  return {"a", operation, Value::object({{"name", name}})};
}

std::vector<int> attempts_of(const Scene& scene, const std::string& id) {
  std::vector<int> attempts;
  for (const Record& record : scene.records()) {
    if (record.type == "intent" && record.body.at("call").text() == id)
      attempts.push_back(static_cast<int>(record.body.at("attempt").int_or(0)));
  }
  return attempts;
}

// The calls of the ledger, without the questions whether an entry is there.
std::string calls(const Scene& scene) { return scene.get("a/calls"); }

TEST(RetryTest, ItsBodyIsPlannedOnceInAScopeOfItsOwn) {
  Scene scene;
  const Script script = retry(3, in_order({add_entry("one"), expect_entry("one")}));
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(plan->calls().size(), 2u);
  EXPECT_EQ(plan->calls()[0]->id, "root/retry[1]#1");
  EXPECT_EQ(plan->calls()[1]->id, "root/retry[1]#2");
  ASSERT_EQ(plan->parts.size(), 1u);
  EXPECT_EQ(plan->parts[0].id, "root/retry[1]");
  const auto again = plan_from(to_value(*plan));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->parts[0].rule.dump(), R"({"times":3,"wait":"5s"})");
  EXPECT_NE(scene.plan(retry(4, in_order({add_entry("one"), expect_entry("one")})))->digest(),
            plan->digest());
}

TEST(RetryTest, AnAttemptThatFailedTransientlyIsMadeAgainAfterTheWait) {
  Scene scene;
  scene.put("a/weather", "add two before 2\n");
  const auto report = scene.run(retry(3, in_order({add_entry("one"), add_entry("two")})));
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(calls(scene), "add one\nadd two\nadd two\nadd two\n");  // what was done stays done
  EXPECT_THAT(scene.slept(), ElementsAre(seconds(5), seconds(5)));
  EXPECT_THAT(attempts_of(scene, "root/retry[1]#2"), ElementsAre(1, 2, 3));
  EXPECT_EQ(report.done.size(), 2u);
}

// --- a restore in it

// The newest note onto the live one, then an entry.
Script restore_and_add() {
  return [](Gate& gate) -> Result<> {
    auto newest = call(gate, "store", "latest", Value::object({{"kind", "plain-note"}}));
    if (!newest) return fail(newest.error());
    auto restored = call(gate, "note", "restore", Value::object({{"from", newest->known}}));
    if (!restored) return fail(restored.error());
    return in_order({add_entry("two")})(gate);
  };
}

struct RestoreInRetryTest : testing::Test {
  const std::string old = Scene::note("berlin", "old");
  const std::string backup = Scene::note("berlin", "from the backup");
  static std::vector<Waiver> over_healthy() { return {{"healthy", "test"}}; }

  void prepare(Scene& scene, const std::string& weather) const {
    scene.put("store/one.note", backup);
    scene.put("live/note", old);
    scene.put("a/weather", weather);
  }
};

TEST_F(RestoreInRetryTest, IsNotDoneAgainByTheNextAttempt) {
  Scene scene;
  prepare(scene, "add two before 2\n");
  const Script script = retry(3, restore_and_add());
  const auto plan = scene.plan(script, over_healthy());
  ASSERT_TRUE(plan) << plan.error().message;
  const auto report = scene.execute(*plan, script);
  ASSERT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(scene.get("live/note"), backup);
  for (const char* verb : {"stage", "activate"})
    EXPECT_THAT(attempts_of(scene, std::string("root/retry[1]#1.") + verb), ElementsAre(1)) << verb;
  EXPECT_THAT(attempts_of(scene, "root/retry[1]#1.health"), ElementsAre(1, 2, 3));
  EXPECT_EQ(scene.roll_back(*plan).ending, Ending::kUndone);
  EXPECT_EQ(scene.get("live/note"), old);
  EXPECT_THAT(scene.names("live"), ElementsAre("note"));
}

TEST_F(RestoreInRetryTest, IsTakenBackWhenTheLastAttemptFails) {
  Scene scene;
  prepare(scene, "add two before 9\n");
  const auto report = scene.run(retry(2, restore_and_add()), OnFailure::kRollback, over_healthy());
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_EQ(scene.get("live/note"), old);
  EXPECT_THAT(scene.names("live"), ElementsAre("note"));
}

TEST_F(RestoreInRetryTest, CutOffAnywhereBehindItsActsItIsGoneOnWith) {
  const Script script = retry(3, restore_and_add());
  std::size_t points = 0;
  for (std::size_t kept = 0;; ++kept) {
    Scene scene;
    prepare(scene, "add two before 1\n");
    const auto plan = scene.plan(script, over_healthy());
    ASSERT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
    const auto records = scene.records();
    if (kept >= records.size()) break;
    // Where it is cut before the swap was on record, what lies there is from a later time.
    const auto swapped = std::find_if(records.begin(), records.end(), [](const Record& record) {
      return record.type == "result" && record.body.at("call").text() == "root/retry[1]#1.activate";
    });
    if (kept < static_cast<std::size_t>(swapped - records.begin()) + 1) continue;
    ++points;
    scene.cut_journal(kept);
    const auto report = scene.resume(*plan, script);
    ASSERT_EQ(report.ending, Ending::kDone) << kept << " " << report.error->message;
    EXPECT_EQ(scene.get("live/note"), backup) << kept;
    EXPECT_THAT(attempts_of(scene, "root/retry[1]#1.activate"), ElementsAre(1)) << kept;
  }
  EXPECT_GT(points, 4U);
}

TEST(RetryTest, TheLastAttemptFailsTheRun) {
  Scene scene;
  scene.put("a/weather", "add two before 3\n");
  const auto report = scene.run(one_after_the_other(
      {retry(3, in_order({add_entry("one"), add_entry("two")})), in_order({add_entry("three")})}));
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_EQ(report.error->code, "ledger.weather");
  EXPECT_EQ(calls(scene), "add one\nadd two\nadd two\nadd two\nundo one\n");
  EXPECT_EQ(scene.slept().size(), 2u);
}

TEST(RetryTest, WhatWillNotGoAwayIsNotTriedAgain) {
  Scene scene;
  const auto report = scene.run(retry(3, in_order({add_entry("one", "a", "before")})));
  EXPECT_EQ(report.error->code, "ledger.broken");
  EXPECT_EQ(calls(scene), "add one\n");
  EXPECT_THAT(scene.slept(), IsEmpty());
}

TEST(RetryTest, NothingOfTheBodyHappensBehindAFailureThatTheScriptIgnores) {
  Scene scene;
  scene.put("a/weather", "add one before 1\n");
  const auto plan = scene.plan(retry(2, in_order({add_entry("one"), add_entry("two")})));
  int rounds = 0;
  const auto report = scene.execute(*plan, retry(2, [&](Gate& gate) -> Result<> {
    ++rounds;
    auto first = call(gate, "a", "add", Value::object({{"name", "one"}}));
    auto second = call(gate, "a", "add", Value::object({{"name", "two"}}));
    EXPECT_EQ(first.has_value(), second.has_value());
    return {};
  }));
  EXPECT_EQ(report.ending, Ending::kDone);
  EXPECT_EQ(rounds, 2);
  EXPECT_EQ(calls(scene), "add one\nadd one\nadd two\n");
}

TEST(RetryTest, AHalfDoneActIsMadeAgainAndTakenBackOnce) {
  Scene scene;
  scene.put("a/weather", "add one after 1\n");
  const auto report = scene.run(one_after_the_other(
      {retry(2, in_order({add_entry("one")})), in_order({expect_entry("nothing")})}));
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_EQ(calls(scene), "add one\nadd one\nexpect nothing\nundo one\n");
}

TEST(RetryTest, WhatMayHaveHappenedIsAskedForFirst) {
  Scene scene;
  scene.put("a/weather", "post one unknown 1\n");
  const auto report = scene.run(retry(2, in_order({step("post", "one"), add_entry("two")})));
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(calls(scene), "post one\nprobe one\nadd two\n");
}

TEST(RetryTest, WhatMustNotBeDoneTwiceIsLeftToAPerson) {
  Scene scene;
  scene.put("a/weather", "ring one unknown 1\n");
  const Script script = retry(2, in_order({step("ring", "one"), add_entry("two")}));
  const auto plan = scene.plan(script);
  const auto report = scene.execute(*plan, script);
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  EXPECT_EQ(report.error->code, "run.in_doubt");
  EXPECT_EQ(calls(scene), "ring one\n");
  scene.append("resolve",
               Value::object(
                   {{"call", "root/retry[1]#1"},
                    {"decision", "done"},
                    {"result", Value::object({{"name", "one"}, {"number", 1}, {"fresh", true}})}}));
  EXPECT_EQ(scene.resume(*plan, script).ending, Ending::kDone);
  EXPECT_EQ(calls(scene), "ring one\nadd two\n");
}

TEST(RetryTest, WhatAVerifyFoundIsOfItsAttempt) {
  Scene scene;
  scene.put("a/weather", "add two before 1\n");
  const auto report =
      scene.run(retry(2, in_order({add_entry("one"), expect_entry("one"), add_entry("two")})));
  EXPECT_EQ(report.ending, Ending::kDone);
  EXPECT_EQ(calls(scene), "add one\nexpect one\nadd two\nexpect one\nadd two\n");
}

TEST(RetryTest, AnInterruptionEndsTheWaitAndTheAttemptsCountOnResume) {
  Scene scene;
  scene.put("a/weather", "add one before 2\n");
  const Script script = retry(3, in_order({add_entry("one")}));
  const auto plan = scene.plan(script);
  const auto stopped = scene.execute(*plan, retry(3, [&](Gate& gate) -> Result<> {
    auto added = call(gate, "a", "add", Value::object({{"name", "one"}}));
    scene.cancel_in_the_next_wait();
    return added ? Result<>() : fail(added.error());
  }));
  EXPECT_EQ(stopped.ending, Ending::kInterrupted);
  EXPECT_EQ(stopped.error->code, "run.interrupted");
  const auto report = scene.resume(*plan, script);
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(calls(scene), "add one\nadd one\nadd one\n");
}

TEST(RetryTest, ARunThatUsedAllItsAttemptsMakesOnlyTheLastOneAgainWhenResumed) {
  Scene scene;
  scene.put("a/weather", "add one before 3\n");
  const Script script = retry(2, in_order({add_entry("zero"), add_entry("one")}));
  const auto plan = scene.plan(script);
  EXPECT_EQ(scene.execute(*plan, script, OnFailure::kHold).ending, Ending::kNeedsPerson);
  EXPECT_EQ(scene.resume(*plan, script, OnFailure::kHold).ending, Ending::kNeedsPerson);
  EXPECT_EQ(calls(scene), "add zero\nadd one\nadd one\nadd one\n");
  EXPECT_EQ(scene.resume(*plan, script, OnFailure::kHold).ending, Ending::kDone);
}

TEST(RetryTest, EveryCutOfTheJournalEndsAsTheWholeRun) {
  const std::string weather = "add two after 2\npost three unknown 1\n";
  const Script script = one_after_the_other(
      {retry(4, in_order({add_entry("one"), add_entry("two"), step("post", "three")})),
       in_order({add_entry("four")})});
  for (std::size_t kept = 0;; ++kept) {
    Scene scene;
    scene.put("a/weather", weather);
    const auto plan = scene.plan(script);
    ASSERT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
    if (kept >= scene.records().size()) break;
    scene.cut_journal(kept);
    std::set<std::string> begun;
    for (const Record& record : scene.records()) {
      if (record.type == "undo_recorded") begun.insert(record.body.at("undo").at("data").text());
    }
    for (const char* name : {"one", "two", "three", "three.second", "four"}) {
      if (begun.count(std::string(name).substr(0, std::string(name).find('.'))) == 0)
        std::filesystem::remove(scene.path("a/" + std::string(name)));
    }
    const auto report = scene.resume(*plan, script);
    ASSERT_EQ(report.ending, Ending::kDone) << kept << " " << report.error->message;
    EXPECT_THAT(scene.names("a"),
                ElementsAre("calls", "four", "one", "three", "three.second", "two", "weather"));
    ASSERT_EQ(scene.roll_back(*plan).ending, Ending::kUndone) << kept;
    EXPECT_THAT(scene.names("a"), ElementsAre("calls", "weather")) << kept;
  }
}

TEST(RetryTest, AnotherRuleThanTheApprovedOneIsADeviation) {
  Scene scene;
  const auto plan = scene.plan(retry(2, in_order({add_entry("one")})));
  const auto report = scene.execute(*plan, retry(9, in_order({add_entry("one")})));
  EXPECT_EQ(report.error->code, "run.deviation");
  EXPECT_THAT(report.error->message, HasSubstr("this run: {\"times\":9"));
  EXPECT_THAT(scene.names("a"), IsEmpty());
}

TEST(RetryTest, OneInsideOfAnotherCountsAnewInEachRound) {
  Scene scene;
  scene.put("a/weather", "add one before 3\n");
  const auto report = scene.run(retry(2, retry(2, in_order({add_entry("one")}))));
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(scene.slept().size(), 3u);
}

TEST(RetryTest, AReadIsAskedAnewInEachAttempt) {
  Scene scene;
  std::vector<std::int64_t> seen;
  const Script script = retry(3, [&](Gate& gate) -> Result<> {
    auto count = call(gate, "b", "count");
    if (!count) return fail(count.error());
    seen.push_back(count->known.at("count").int_or(-1));
    auto added = call(gate, "a", "add", Value::object({{"name", "one"}}));
    if (!added && !gate.planning()) scene.put("b/more" + std::to_string(seen.size()), "");
    return added ? Result<>() : fail(added.error());
  });
  const auto plan = scene.plan(script);
  scene.put("a/weather", "add one before 2\n");
  seen.clear();
  EXPECT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
  EXPECT_THAT(seen, ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace snapcore
