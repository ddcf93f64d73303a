// wait_until: looks until it is so, for as long as it may.
#include <gmock/gmock.h>

#include "scene.hpp"

namespace snapcore {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Script wait_until(Script body, const std::string& timeout = "10s",
                  const std::string& every = "4s") {
  return [=](Gate& gate) {
    return run_part(gate, PartKind::kWaitUntil,
                    Value::object({{"timeout", timeout}, {"every", every}}), body);
  };
}

// True as soon as the ledger b holds so many entries.
Script entries_in_b(std::int64_t wanted) {
  return [wanted](Gate& gate) -> Result<> {
    auto count = call(gate, "b", "count");
    if (!count) return fail(count.error());
    if (!count->complete) return fail({.code = "runbook.unknown_value"});
    return count->known.at("count").int_or(0) >= wanted ? Result<>()
                                                        : fail({.code = "test.not_yet"});
  };
}

TEST(WaitTest, LooksUntilItIsSo) {
  Scene scene;
  const Script script =
      one_after_the_other({wait_until(entries_in_b(2)), in_order({add_entry("one")})});
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  int looks = 0;
  scene.while_asleep([&] { scene.put("b/entry" + std::to_string(++looks), ""); });
  EXPECT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
  EXPECT_THAT(scene.slept(), ElementsAre(seconds(4), seconds(4)));
  EXPECT_EQ(scene.get("a/calls"), "add one\n");
}

TEST(WaitTest, GivesUpAtTheDeadlineAndSaysWhatItWaitedFor) {
  Scene scene;
  const auto report = scene.run(one_after_the_other(
      {in_order({add_entry("one")}), wait_until(in_order({expect_entry("two")}))}));
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_EQ(report.error->code, "run.wait_timed_out");
  EXPECT_EQ(report.error->message,
            "waited 10s in vain (test.lua:2); at last there is no entry two");
  EXPECT_THAT(scene.slept(), ElementsAre(seconds(4), seconds(4), seconds(2)));
  EXPECT_THAT(scene.names("a"), ElementsAre("calls"));
}

TEST(WaitTest, AVerifyThatFailsAndAReadThatMayWorkLaterAreNotYet) {
  Scene scene;
  const Script script = wait_until([](Gate& gate) -> Result<> {
    if (auto count = call(gate, "a", "count"); !count) return fail(count.error());
    auto expected = call(gate, "a", "expect", Value::object({{"name", "one"}}));
    return expected ? Result<>() : fail(expected.error());
  });
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(plan->calls().size(), 1u);
  EXPECT_EQ(plan->calls()[0]->id, "root/wait_until[1]#1");
  std::filesystem::remove(scene.path("a/calls"));
  scene.put("a/weather", "count before 1\n");
  int looks = 0;
  scene.while_asleep([&] {
    if (++looks == 2) scene.put("a/one", "");
  });
  EXPECT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
  EXPECT_EQ(scene.get("a/calls"), "count\ncount\nexpect one\ncount\nexpect one\n");
}

TEST(WaitTest, AReadThatFailsForGoodEndsTheWait) {
  Scene scene;
  const Script script = wait_until([](Gate& gate) -> Result<> {
    if (gate.planning()) return {};
    return fail({.code = "test.broken", .message = "for good"});
  });
  const auto report = scene.run(script);
  EXPECT_EQ(report.error->code, "test.broken");
  EXPECT_THAT(scene.slept(), IsEmpty());
}

TEST(WaitTest, IsPlannedAsFarAsItsReadsAreKnown) {
  Scene scene;
  const Script script =
      one_after_the_other({in_order({add_entry("one", "b")}), wait_until(entries_in_b(1))});
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
}

TEST(WaitTest, AnActInItFailsThePlanAndNamesTheLine) {
  Scene scene;
  const auto plan = scene.plan(wait_until(in_order({add_entry("one")})));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, "runbook.act_in_wait_until");
  EXPECT_EQ(plan.error().message,
            "test.lua:1: a.add is an act, and wait_until holds reads and verifies only");
}

TEST(WaitTest, AChoiceInItFailsThePlanAndNamesTheLine) {
  Scene scene;
  scene.put("store/one.note", Scene::note("berlin", "there already"));
  for (const char* choice : {"latest", "list", "stat"}) {
    Value args = Value::object();
    if (choice == std::string("stat")) args["ref"] = "one.note";
    const auto plan = scene.plan(wait_until(in_order({{"store", choice, args}})));
    ASSERT_FALSE(plan) << choice;
    EXPECT_EQ(plan.error().code, "runbook.choice_in_wait_until");
    EXPECT_EQ(plan.error().message,
              "test.lua:1: store." + std::string(choice) +
                  " is answered while planning, and the same in every look of a wait_until");
  }
}

TEST(WaitTest, HoldsNoOtherPart) {
  Scene scene;
  const auto plan = scene.plan(wait_until(retry(2, in_order({expect_entry("one")}))));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, "runbook.bad_place");
}

TEST(WaitTest, WhatIsNotNeededToKnowItIsNotMissing) {
  Scene scene;
  scene.put("a/one", "");
  const auto plan = scene.plan(wait_until(in_order({expect_entry("one"), expect_entry("two")})));
  const auto report = scene.execute(*plan, wait_until(in_order({expect_entry("one")})));
  EXPECT_EQ(report.ending, Ending::kDone);
}

TEST(WaitTest, AnInterruptionEndsIt) {
  Scene scene;
  scene.cancel_in_the_next_wait();
  const auto report = scene.run(wait_until(in_order({expect_entry("one")})));
  EXPECT_EQ(report.ending, Ending::kInterrupted);
  EXPECT_EQ(scene.slept().size(), 1u);
}

TEST(WaitTest, AResumedRunSeesWhatItsLastLookSaw) {
  const Script script = one_after_the_other(
      {wait_until(entries_in_b(2)), in_order({add_entry("one"), add_entry("two")})});
  for (std::size_t kept = 0;; ++kept) {
    Scene scene;
    const auto plan = scene.plan(script);
    int looks = 0;
    scene.while_asleep([&] { scene.put("b/entry" + std::to_string(++looks), ""); });
    ASSERT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
    const auto types = scene.record_types();
    if (kept >= types.size()) break;
    scene.cut_journal(kept);
    const bool went_on =
        std::count(types.begin(), types.begin() + static_cast<long>(kept), "intent") > 0;
    if (went_on) std::filesystem::remove(scene.path("b/entry1"));
    const auto report = scene.resume(*plan, script);
    ASSERT_EQ(report.ending, Ending::kDone) << kept << " " << report.error->message;
  }
}

}  // namespace
}  // namespace snapcore
