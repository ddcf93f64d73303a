#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "scene.hpp"

namespace snapcore {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Step step(const std::string& operation, const std::string& name,
          const std::string& instance = "a") {
  return {instance, operation, Value::object({{"name", name}})};
}

std::size_t times(const Scene& scene, const std::string& line, const std::string& where = "a") {
  std::istringstream calls(scene.get(where + "/calls"));
  std::size_t count = 0;
  for (std::string one; std::getline(calls, one);) count += one == line;
  return count;
}

// The number of records up to and with the first of this type, after skipping some.
std::size_t up_to(const Scene& scene, const std::string& type, std::size_t skip = 0) {
  const auto types = scene.record_types();
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i] == type && skip-- == 0) return i + 1;
  }
  return 0;
}

TEST(ResumeTest, WhatWasDoneIsNotDoneAgain) {
  Scene scene;
  const Script script = in_order({add_entry("one"), expect_entry("one"), add_entry("two")});
  const auto plan = scene.plan(script);
  ASSERT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
  const std::size_t all = scene.records().size();
  for (std::size_t kept = 0; kept < all; ++kept) {
    Scene fresh;
    const auto again = fresh.plan(script);
    fresh.execute(*again, script);
    std::filesystem::remove(fresh.path("a/calls"));
    fresh.cut_journal(kept);
    const auto types = fresh.record_types();
    const auto report = fresh.resume(*again, script);
    ASSERT_EQ(report.ending, Ending::kDone) << kept << " " << report.error->message;
    const auto results = std::count(types.begin(), types.end(), "result");
    EXPECT_EQ(times(fresh, "add one"), results >= 1 ? 0U : 1U) << kept;
    EXPECT_EQ(times(fresh, "add two"), results >= 3 ? 0U : 1U) << kept;
    EXPECT_THAT(fresh.names("a"), testing::IsSupersetOf({"one", "two"}));
  }
}

// It fails before it comes again to what it did, as when a branch beside it does.
Script failing_first(const bool& fails, const Script& body) {
  return [&fails, body](Gate& gate) -> Result<> {
    if (fails) return fail({.code = "test.failed", .message = "it fails at once"});
    return body(gate);
  };
}

TEST(ResumeTest, AFailureTakesBackWhatWasNotToldAgainToo) {
  for (const OnFailure on_failure : {OnFailure::kRollback, OnFailure::kHold}) {
    Scene scene;
    bool fails = false;
    const Script script =
        failing_first(fails, in_order({add_entry("one"),
                                       {"a", "relay", Value::object({{"name", "two"}})},
                                       add_entry("three"),
                                       add_entry("four")}));
    const auto plan = scene.plan(script);
    ASSERT_TRUE(plan) << plan.error().message;
    scene.execute(*plan, script);
    scene.cut_journal(scene.records().size() - 1);
    fails = true;
    const auto report = scene.resume(*plan, script, on_failure);
    EXPECT_EQ(report.error->code, "test.failed");
    if (on_failure == OnFailure::kRollback) {
      EXPECT_EQ(report.ending, Ending::kUndone);
      EXPECT_THAT(report.undone,
                  ElementsAre("removed four", "removed three", "removed two", "removed one"));
      EXPECT_THAT(scene.names("a"), ElementsAre("calls"));
      EXPECT_THAT(scene.names("b"), ElementsAre("calls"));
    } else {
      EXPECT_EQ(report.ending, Ending::kNeedsPerson);
      EXPECT_THAT(report.standing, testing::SizeIs(4));
      EXPECT_THAT(scene.names("a"), ElementsAre("calls", "four", "one", "three"));
    }
  }
}

TEST(ResumeTest, AValueThatAnotherCallGaveIsStillKnown) {
  Scene scene;
  const Script script = [](Gate& gate) -> Result<> {
    auto first = call(gate, "a", "add", Value::object({{"name", "one"}}));
    if (!first) return fail(first.error());
    auto second = call(gate, "b", "add",
                       Value::object({{"name", later_value(first->call, "name", "string")}}));
    return second ? Result<>() : fail(second.error());
  };
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  scene.execute(*plan, script);
  scene.cut_journal(up_to(scene, "result"));
  std::filesystem::remove(scene.path("b/one"));
  ASSERT_EQ(scene.resume(*plan, script).ending, Ending::kDone);
  EXPECT_THAT(scene.names("b"), ElementsAre("calls", "one"));
}

TEST(ResumeTest, ACallInDoubtIsSettledAsItsManifestSays) {
  for (const char* operation : {"add", "stamp"}) {  // safe, keyed
    Scene scene;
    const Script script = in_order({step(operation, "one")});
    const auto plan = scene.plan(script);
    scene.execute(*plan, script);
    scene.cut_journal(up_to(scene, "undo_recorded"));
    const auto report = scene.resume(*plan, script);
    EXPECT_EQ(report.ending, Ending::kDone) << operation;
    EXPECT_THAT(scene.names("a"), ElementsAre("calls", "one")) << operation;
    EXPECT_EQ(scene.records().back().type, "end");
    const auto records = scene.records();
    const auto intent = std::find_if(records.rbegin(), records.rend(),
                                     [](const Record& r) { return r.type == "intent"; });
    EXPECT_EQ(intent->body.at("attempt").int_or(0), 2) << operation;
  }
}

TEST(ResumeTest, ThePluginIsAskedWhatBecameOfACallThatItCanProbe) {
  struct Case {
    std::vector<std::string> there;
    std::size_t posted;  // again
  };
  const std::vector<Case> cases = {{{"one", "one.second"}, 0}, {{"one"}, 1}, {{}, 1}};
  for (const Case& what : cases) {
    Scene scene;
    const Script script = in_order({step("post", "one"), add_entry("two")});
    const auto plan = scene.plan(script);
    scene.execute(*plan, script);
    scene.cut_journal(up_to(scene, "undo_recorded"));
    for (const char* name : {"one", "one.second", "two", "calls"})
      std::filesystem::remove(scene.path("a/" + std::string(name)));
    for (const std::string& name : what.there) scene.put("a/" + name, "one");
    const auto report = scene.resume(*plan, script);
    ASSERT_EQ(report.ending, Ending::kDone) << (report.error ? report.error->message : "");
    EXPECT_EQ(times(scene, "probe one"), 1U);
    EXPECT_EQ(times(scene, "post one"), what.posted);
    EXPECT_THAT(scene.names("a"), ElementsAre("calls", "one", "one.second", "two"));
  }
}

TEST(ResumeTest, NothingHappensWhileACallIsInDoubtForWhichAPersonMustLook) {
  for (const char* operation : {"ring", "post"}) {
    Scene scene;
    const Script script = in_order({add_entry("zero"), step(operation, "one"), add_entry("two")});
    const auto plan = scene.plan(script);
    scene.execute(*plan, script);
    scene.cut_journal(up_to(scene, "undo_recorded", 1));
    std::filesystem::remove(scene.path("a/two"));
    scene.put("a/does_not_know", "");
    const auto report = scene.resume(*plan, script);
    EXPECT_EQ(report.ending, Ending::kNeedsPerson) << operation;
    ASSERT_TRUE(report.error);
    EXPECT_EQ(report.error->code, "run.in_doubt");
    EXPECT_THAT(
        report.error->hint,
        HasSubstr("\nsnapcore resolve run-1 'root#2' --done --result '{\"number\": ..., \"fresh\": "
                  "...}'\nsnapcore resolve run-1 'root#2' --not-done\n"));
    EXPECT_EQ(times(scene, std::string(operation) + " one"), 1U);
    EXPECT_THAT(scene.names("a"), testing::Contains("zero"));
    EXPECT_THAT(scene.names("a"), testing::Not(testing::Contains("two")));
  }
}

TEST(ResumeTest, APersonsWordSettlesADoubt) {
  for (const bool done : {true, false}) {
    Scene scene;
    const Script script = in_order({step("ring", "one"), add_entry("two")});
    const auto plan = scene.plan(script);
    scene.execute(*plan, script);
    scene.cut_journal(up_to(scene, "undo_recorded"));
    Value body = Value::object({{"call", "root#1"}, {"decision", done ? "done" : "not_done"}});
    if (done) body["result"] = Value::object({{"name", "one"}, {"number", 1}, {"fresh", true}});
    scene.append("resolve", body);
    EXPECT_EQ(scene.resume(*plan, script).ending, Ending::kDone);
    EXPECT_EQ(times(scene, "ring one"), done ? 1U : 2U);
  }
}

TEST(ResumeTest, ARunbookSeesAgainWhatItReadBeforeItChangedIt) {
  Scene scene;
  const Script script = [](Gate& gate) -> Result<> {
    auto count = call(gate, "a", "count");
    if (!count) return fail(count.error());
    if (count->known.at("count").int_or(0) > 0) return {};
    for (const char* name : {"one", "two"}) {
      auto added = call(gate, "a", "add", Value::object({{"name", name}}));
      if (!added) return fail(added.error());
    }
    return {};
  };
  const auto plan = scene.plan(script);
  scene.execute(*plan, script);
  scene.cut_journal(up_to(scene, "result"));
  const auto report = scene.resume(*plan, script);
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
}

TEST(ResumeTest, TheCallThatFailedLastIsTriedAgainInAHeldRun) {
  Scene scene;
  const Script script = in_order({add_entry("one"), step("stamp", "two"), add_entry("three")});
  const auto plan = scene.plan(script);
  scene.put("a/two", "somebody else's");
  EXPECT_EQ(scene.execute(*plan, script, OnFailure::kHold).ending, Ending::kNeedsPerson);
  std::filesystem::remove(scene.path("a/two"));
  const auto report = scene.resume(*plan, script);
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(times(scene, "add one"), 1U);
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "one", "three", "two"));
}

TEST(ResumeTest, AnInterruptedRunGoesOnWhereItStopped) {
  Scene scene;
  const Script script = in_order({add_entry("one"), add_entry("two")});
  const auto plan = scene.plan(script);
  const auto stopped = scene.execute(*plan, [&](Gate& gate) -> Result<> {
    auto first = call(gate, "a", "add", Value::object({{"name", "one"}}));
    scene.cancel();
    auto second = call(gate, "a", "add", Value::object({{"name", "two"}}));
    return second ? Result<>() : fail(second.error());
  });
  EXPECT_EQ(stopped.ending, Ending::kInterrupted);
  EXPECT_EQ(scene.resume(*plan, script).ending, Ending::kDone);
  EXPECT_EQ(times(scene, "add one"), 1U);
  EXPECT_EQ(times(scene, "add two"), 1U);
}

TEST(ResumeTest, FinishedCallsInsideOfAComposedOneAnswerFromTheJournal) {
  Scene scene;
  const Script script = in_order({step("relay", "one")});
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  scene.execute(*plan, script);
  scene.cut_journal(up_to(scene, "result"));  // of the nested call
  EXPECT_EQ(scene.resume(*plan, script).ending, Ending::kDone);
  EXPECT_EQ(times(scene, "relay one"), 2U);
  EXPECT_EQ(times(scene, "add one", "b"), 1U);
}

TEST(ResumeTest, AnotherCallThanTheJournalsIsADeviation) {
  Scene scene;
  const Script script = in_order({add_entry("one"), add_entry("two")});
  const auto plan = scene.plan(script);
  scene.execute(*plan, script);
  scene.cut_journal(up_to(scene, "result"));
  auto other = *plan;
  other.phases.front().calls.front().args["name"] = "another";
  const auto report = scene.resume(other, in_order({add_entry("another"), add_entry("two")}));
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  EXPECT_EQ(report.error->code, "run.deviation");
  EXPECT_THAT(report.error->message, HasSubstr("journal: a.add {\"name\":\"one\"}"));
}

}  // namespace
}  // namespace snapcore
