// A run that stopped is planned anew: what it did is done, the rest is as it would be now.
#include <gmock/gmock.h>

#include "scene.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// What is spilt is in b, too, which nobody could know while planning: what was planned behind it is
// not what is done.
Result<> spill_and_add(Gate& gate) {
  auto spilt = call(gate, "a", "spill", Value::object({{"name", "one"}}));
  if (!spilt) return fail(spilt.error());
  auto counted = call(gate, "b", "count");
  if (!counted) return fail(counted.error());
  const bool none = counted->known.at("count") == Value(0);
  auto added = call(gate, "a", "add", Value::object({{"name", none ? "two" : "three"}}));
  return added ? Result<>() : fail(added.error());
}

TEST(ReplanTest, WhatWasDoneStaysAndTheRestIsWhatWouldBeDoneNow) {
  Scene scene;
  const auto plan = scene.plan(spill_and_add);
  ASSERT_TRUE(plan) << plan.error().message;
  const auto stopped = scene.execute(*plan, spill_and_add);
  ASSERT_EQ(stopped.ending, Ending::kNeedsPerson);
  ASSERT_EQ(stopped.error->code, "run.deviation");
  EXPECT_EQ(scene.resume(*plan, spill_and_add).error->code, "run.deviation");

  const auto anew = scene.replan(*plan, spill_and_add);
  ASSERT_TRUE(anew) << anew.error().message;
  EXPECT_NE(anew->digest(), plan->digest());
  const auto lines = differences(*plan, *anew);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_THAT(lines[0], HasSubstr("root#2"));
  EXPECT_EQ(anew->find("root#1")->effects, plan->find("root#1")->effects);

  EXPECT_EQ(scene.resume(*anew, spill_and_add).ending, Ending::kDone);
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "three"));
  EXPECT_THAT(scene.names("b"), ElementsAre("calls", "one"));
  EXPECT_EQ(scene.get("a/calls").find("spill one"), scene.get("a/calls").rfind("spill one"));
  EXPECT_EQ(scene.roll_back(*anew).ending, Ending::kUndone);
  EXPECT_THAT(scene.names("a"), ElementsAre("calls"));
  EXPECT_THAT(scene.names("b"), ElementsAre("calls"));
}

// Counts b before and behind a spill into it, which no plan knows of.
Result<> count_around_a_spill(Gate& gate) {
  if (auto added = call(gate, "b", "add", Value::object({{"name", "zero"}})); !added)
    return fail(added.error());
  const Script body = [](Gate& inside) -> Result<> {
    const auto before = count_of(inside, "b");
    if (!before) return fail(before.error());
    auto spilt =
        call(inside, "a", "spill", Value::object({{"name", "spilt-" + std::to_string(*before)}}));
    if (!spilt) return fail(spilt.error());
    const auto behind = count_of(inside, "b");
    if (!behind) return fail(behind.error());
    auto added =
        call(inside, "a", "add", Value::object({{"name", "seen-" + std::to_string(*behind)}}));
    return added ? Result<>() : fail(added.error());
  };
  return phase("P", R"({"acts":2,"destroys":0,"instances":["a"]})", body)(gate);
}

TEST(ReplanTest, WhatStandsBehindADoneActIsLookedAtAgain) {
  Scene scene;
  const auto plan = scene.plan(count_around_a_spill);
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(scene.execute(*plan, count_around_a_spill).error->code, "run.deviation");
  ASSERT_THAT(scene.names("a"), ElementsAre("calls"));
  ASSERT_THAT(scene.names("b"), ElementsAre("calls", "spilt-1", "zero"));

  const auto anew = scene.replan(*plan, count_around_a_spill);
  ASSERT_TRUE(anew) << anew.error().message;
  EXPECT_EQ(anew->outline("P"), nullptr);
  EXPECT_EQ(scene.resume(*anew, count_around_a_spill).ending, Ending::kDone);
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "seen-2"));
  EXPECT_THAT(scene.names("b"), ElementsAre("calls", "spilt-1", "zero"));
}

// As many entries on b as there are on a when the run comes there.
Result<> add_and_copy(Gate& gate) {
  const Script copies = [](Gate& inside) -> Result<> {
    const auto count = count_of(inside, "a");
    if (!count) return fail(count.error());
    for (std::int64_t i = 1; i <= *count; ++i) {
      auto added = call(inside, "b", "add", Value::object({{"name", "copy-" + std::to_string(i)}}));
      if (!added) return fail(added.error());
    }
    return {};
  };
  if (auto added = in_order({add_entry("one")})(gate); !added) return added;
  return phase("Copy", R"({"acts":9,"destroys":0,"instances":["b"]})", copies)(gate);
}

TEST(ReplanTest, APhaseThatStaysAnOutlineIsPlannedAnewWhateverWasPlannedOfItBefore) {
  Scene scene;
  const auto plan = scene.plan(add_and_copy);
  ASSERT_TRUE(plan) << plan.error().message;
  scene.ask_before_acts([](const PlannedCall& planned) -> Result<> {
    if (planned.instance != "b") return {};
    return fail({.code = "lease.lost", .message = "somebody took the ledger"});
  });
  ASSERT_EQ(scene.execute(*plan, add_and_copy).error->code, "lease.lost");
  ASSERT_THAT(scene.record_types(), testing::Contains(record::kPhase));
  scene.ask_before_acts({});
  scene.put("a/another", "");
  scene.put("a/weather", "count before 99\n");

  const auto anew = scene.replan(*plan, add_and_copy);
  ASSERT_TRUE(anew) << anew.error().message;
  ASSERT_NE(anew->outline("Copy"), nullptr);
  scene.append(record::kApproval,
               Value::object({{"digest", anew->digest()}, {"replaces", plan->digest()}}));
  std::filesystem::remove(scene.path("a/weather"));
  const auto report = scene.resume(*anew, add_and_copy);
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(scene.get("b/calls"), "add copy-1\nadd copy-2\n");
  const auto again = scene.resume(*anew, add_and_copy);
  EXPECT_EQ(again.ending, Ending::kDone) << again.error->message;
  EXPECT_EQ(scene.roll_back(*anew).ending, Ending::kUndone);
  EXPECT_THAT(scene.names("b"), ElementsAre("calls"));
}

// Killed between the two, the run has the plan from before.
TEST(ReplanTest, ThePlanFromBeforeKeepsThePhasesThatWerePlannedUnderIt) {
  History history;
  const auto phase = [](const char* part) { return Value::object({{"part", part}}); };
  const auto approved = [](const char* digest, const char* before) {
    return Value::object({{"digest", digest}, {"replaces", before}});
  };
  history.take({.seq = 1, .type = "phase", .body = phase("one")});
  history.take({.seq = 2, .type = "approval", .body = approved("second", "first")});
  history.take({.seq = 3, .type = "phase", .body = phase("two")});
  history.take({.seq = 4, .type = "approval", .body = approved("third", "second")});
  EXPECT_THAT(history.phases_of("first"), ElementsAre(phase("one"), phase("two")));
  EXPECT_THAT(history.phases_of("second"), ElementsAre(phase("two")));
  EXPECT_THAT(history.phases_of("third"), testing::IsEmpty());
}

TEST(ReplanTest, APlanThatNothingChangedIsTheSame) {
  Scene scene;
  const Script script = in_order({add_entry("one"), add_entry("two", "a", "before")});
  const auto plan = scene.plan(script);
  ASSERT_EQ(scene.execute(*plan, script, OnFailure::kHold).ending, Ending::kNeedsPerson);
  const auto anew = scene.replan(*plan, script);
  ASSERT_TRUE(anew) << anew.error().message;
  EXPECT_THAT(differences(*plan, *anew), testing::IsEmpty());
}

TEST(ReplanTest, WhatWasDoneCannotBecomeAnother) {
  Scene scene;
  const Script script = in_order({add_entry("one"), add_entry("two", "a", "before")});
  const auto plan = scene.plan(script);
  ASSERT_EQ(scene.execute(*plan, script, OnFailure::kHold).ending, Ending::kNeedsPerson);
  const auto other = scene.replan(*plan, in_order({add_entry("another")}));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().code, "run.done_differs");
  EXPECT_THAT(other.error().message, HasSubstr("root#1"));
  const auto none = scene.replan(*plan, in_order({}));
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, "run.done_differs");
  EXPECT_THAT(none.error().message, HasSubstr("now: no such call"));
}

// Restores the newest note, then does what cannot be known before.
Result<> restore_and_spill(Gate& gate) {
  auto newest = call(gate, "store", "latest", Value::object({{"kind", "plain-note"}}));
  if (!newest) return fail(newest.error());
  auto restored = call(gate, "note", "restore", Value::object({{"from", newest->known}}));
  return restored ? spill_and_add(gate) : fail(restored.error());
}

TEST(ReplanTest, ARestoreThatWasDoneIsNotLookedAtAgain) {
  Scene scene;
  const std::vector<Waiver> waivers = {{"identity", "test"}};
  const std::string backup = Scene::note("berlin", "from the backup");
  scene.put("store/one.note", backup);
  const auto plan = scene.plan(restore_and_spill, waivers);
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(scene.execute(*plan, restore_and_spill).error->code, "run.deviation");
  std::filesystem::remove(scene.path("store/one.note"));
  scene.put("store/two.note", Scene::note("berlin", "a later one"));

  const auto anew = scene.replan(*plan, restore_and_spill, waivers);
  ASSERT_TRUE(anew) << anew.error().message;
  const auto lines = differences(*plan, *anew);
  ASSERT_THAT(lines, SizeIs(1)) << "the restore is as it was";
  EXPECT_THAT(lines[0], HasSubstr("three"));
  EXPECT_EQ(anew->restores[0].digest_from, plan->restores[0].digest_from);
  EXPECT_EQ(scene.resume(*anew, restore_and_spill).ending, Ending::kDone);
  EXPECT_EQ(scene.get("live/note"), backup);
}

TEST(ReplanTest, WhatWasChosenAndIsNoLongerThereIsChosenAnew) {
  Scene scene;
  const std::vector<Waiver> waivers = {{"identity", "test"}};
  const Script script = [](Gate& gate) -> Result<> {
    if (auto added = call(gate, "a", "add", Value::object({{"name", "one"}})); !added)
      return fail(added.error());
    auto newest = call(gate, "store", "latest", Value::object({{"kind", "plain-note"}}));
    if (!newest) return fail(newest.error());
    auto restored = call(gate, "note", "restore", Value::object({{"from", newest->known}}));
    return restored ? Result<>() : fail(restored.error());
  };
  scene.put("store/one.note", Scene::note("berlin", "from the backup"));
  const auto plan = scene.plan(script, waivers);
  ASSERT_TRUE(plan) << plan.error().message;
  std::filesystem::remove(scene.path("store/one.note"));
  const std::string later = Scene::note("berlin", "a later one");
  scene.put("store/two.note", later);
  ASSERT_EQ(scene.execute(*plan, script, OnFailure::kHold).ending, Ending::kNeedsPerson);

  const auto anew = scene.replan(*plan, script, waivers);
  ASSERT_TRUE(anew) << anew.error().message;
  EXPECT_EQ(anew->restores[0].artifact.at("ref").text(), "two.note");
  EXPECT_EQ(scene.resume(*anew, script).ending, Ending::kDone);
  EXPECT_EQ(scene.get("live/note"), later);
  EXPECT_EQ(scene.get("a/calls").find("add one"), scene.get("a/calls").rfind("add one"));
}

}  // namespace
}  // namespace snapcore
