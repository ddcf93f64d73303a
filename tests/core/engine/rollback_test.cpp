#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>

#include "scene.hpp"

namespace snapcore {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(RollbackTest, WhatARunDidIsTakenBackNewestFirstFromItsJournalAlone) {
  Scene scene;
  const Script script = in_order(
      {add_entry("one"), add_entry("two"), {"a", "relay", Value::object({{"name", "three"}})}});
  const auto plan = scene.plan(script);
  scene.execute(*plan, script);
  const auto report = scene.roll_back(*plan);
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_THAT(report.undone, ElementsAre("removed three", "removed two", "removed one"));
  EXPECT_THAT(scene.names("a"), ElementsAre("calls"));
  EXPECT_THAT(scene.names("b"), ElementsAre("calls"));
}

TEST(RollbackTest, ItWorksWhereverTheRunWasCutOff) {
  const Script script = in_order({add_entry("one"),
                                  {"a", "stamp", Value::object({{"name", "two"}})},
                                  {"a", "post", Value::object({{"name", "three"}})},
                                  {"a", "relay", Value::object({{"name", "four"}})}});
  std::size_t points = 0;
  for (std::size_t kept = 0;; ++kept) {
    Scene scene;
    const auto plan = scene.plan(script);
    scene.execute(*plan, script);
    if (kept >= scene.records().size()) break;
    ++points;
    // What the journal has no undo of did not happen.
    std::set<std::string> recorded;
    scene.cut_journal(kept);
    for (const Record& record : scene.records()) {
      if (record.type == "undo_recorded") recorded.insert(record.body.at("undo").at("data").text());
    }
    for (const char* name : {"one", "two", "three"}) {
      if (recorded.count(name) > 0) continue;
      std::filesystem::remove(scene.path("a/" + std::string(name)));
      std::filesystem::remove(scene.path("a/" + std::string(name) + ".second"));
    }
    if (recorded.count("four") == 0) std::filesystem::remove(scene.path("b/four"));
    const auto report = scene.roll_back(*plan);
    ASSERT_FALSE(report.rollback_error) << kept << " " << report.rollback_error->message;
    EXPECT_THAT(scene.names("a"), ElementsAre("calls")) << kept;
    EXPECT_THAT(scene.names("b"), ElementsAre("calls")) << kept;
  }
  EXPECT_GT(points, 12U);
}

TEST(RollbackTest, WhatTakesAnActBackMayCallActsThatCanBeMadeAgain) {
  Scene scene;
  const Script script = in_order({{"a", "lend", Value::object({{"name", "one"}})}});
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
  EXPECT_THAT(scene.names("b"), ElementsAre("calls", "one"));
  const auto report = scene.roll_back(*plan);
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_THAT(report.undone, ElementsAre("had one burnt"));
  EXPECT_THAT(scene.names("b"), ElementsAre("calls"));
}

TEST(RollbackTest, WhatTakesAnActBackMayNotCallWhatMustNotHappenTwice) {
  Scene scene;
  const Script script = in_order({{"a", "lend", Value::object({{"name", "bell"}})}});
  const auto plan = scene.plan(script);
  scene.execute(*plan, script);
  const auto report = scene.roll_back(*plan);
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  ASSERT_TRUE(report.rollback_error);
  EXPECT_EQ(report.rollback_error->code, "plugin.act_on_the_way_back");
}

TEST(RollbackTest, WhatWasMadeInsideOfAnActIsMadeAgainAfterItWasTakenBack) {
  Scene scene;
  const Script script = in_order({{"a", "lend", Value::object({{"name", "one"}})}});
  const auto plan = scene.plan(script);
  scene.execute(*plan, script);
  scene.roll_back(*plan);
  EXPECT_EQ(scene.resume(*plan, script).ending, Ending::kDone);
  EXPECT_THAT(scene.names("b"), ElementsAre("calls", "one"));
}

TEST(RollbackTest, ItStopsAtTheFirstActThatCannotBeTakenBackAndGoesOnLater) {
  Scene scene;
  const Script script = in_order({add_entry("one"), add_entry("two", "b"), add_entry("three")});
  const auto plan = scene.plan(script);
  scene.execute(*plan, script);
  scene.put("b/no_way_back", "");
  const auto held = scene.roll_back(*plan);
  EXPECT_EQ(held.ending, Ending::kNeedsPerson);
  EXPECT_THAT(held.undone, ElementsAre("removed three"));
  ASSERT_TRUE(held.rollback_error);
  ASSERT_EQ(held.standing.size(), 2U);
  EXPECT_EQ(held.standing.front().call, "root#2");
  EXPECT_TRUE(held.standing.front().half_undone);
  EXPECT_FALSE(held.standing.back().half_undone);
  std::filesystem::remove(scene.path("b/no_way_back"));
  const auto done = scene.roll_back(*plan);
  EXPECT_EQ(done.ending, Ending::kUndone);
  EXPECT_THAT(done.undone, ElementsAre("removed two", "removed one"));
}

TEST(RollbackTest, AnActWithoutAWayBackIsNamed) {
  Scene scene;
  scene.put("a/old", "old");
  const Script script =
      in_order({add_entry("one"), {"a", "burn", Value::object({{"name", "old"}})}});
  const auto plan = scene.plan(script, {}, {"a"});
  ASSERT_TRUE(plan) << plan.error().message;
  scene.execute(*plan, script);
  const auto report = scene.roll_back(*plan);
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  ASSERT_TRUE(report.rollback_error);
  EXPECT_THAT(report.rollback_error->message, HasSubstr("a burnt entry is gone"));
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "one"));
}

TEST(RollbackTest, ARunThatWasTakenBackHalfWayCanGoOnAgain) {
  Scene scene;
  const Script script = in_order({add_entry("one"), add_entry("two")});
  const auto plan = scene.plan(script);
  scene.execute(*plan, script);
  scene.put("a/no_way_back", "");
  EXPECT_EQ(scene.roll_back(*plan).ending, Ending::kNeedsPerson);
  std::filesystem::remove(scene.path("a/no_way_back"));
  EXPECT_EQ(scene.resume(*plan, script).ending, Ending::kDone);
  EXPECT_EQ(scene.roll_back(*plan).ending, Ending::kUndone);
  EXPECT_THAT(scene.names("a"), ElementsAre("calls"));
}

// --- accepting

Script restore_newest() {
  return [](Gate& gate) -> Result<> {
    auto newest = call(gate, "store", "latest", Value::object({{"kind", "plain-note"}}));
    if (!newest) return fail(newest.error());
    auto restored = call(gate, "note", "restore", Value::object({{"from", newest->known}}));
    return restored ? Result<>() : fail(restored.error());
  };
}

struct AcceptTest : testing::Test {
  Scene scene;
  std::optional<Plan> plan;
  void SetUp() override {
    scene.put("store/one.note", Scene::note("berlin", "new"));
    scene.put("live/note", Scene::note("berlin", "old"));
    auto made = scene.plan(restore_newest(), {{"healthy", "test"}});
    ASSERT_TRUE(made) << made.error().message;
    plan = *made;
    ASSERT_EQ(scene.execute(*plan, restore_newest()).ending, Ending::kDone);
    ASSERT_EQ(scene.names("live").size(), 2U);
  }
};

TEST_F(AcceptTest, WhatWasKeptIsLetGo) {
  const auto report = scene.accept(*plan);
  EXPECT_EQ(report.ending, Ending::kDone);
  EXPECT_THAT(report.undone, ElementsAre("released what note kept"));
  EXPECT_THAT(scene.names("live"), ElementsAre("note"));
  EXPECT_EQ(scene.get("live/note"), Scene::note("berlin", "new"));
  EXPECT_EQ(scene.accept(*plan).ending, Ending::kDone) << "given again";
}

TEST_F(AcceptTest, TheDecisionIsOnRecordBeforeAnythingIsGone) {
  scene.accept(*plan);
  const auto types = scene.record_types();
  const auto decided = std::find(types.begin(), types.end(), "accept");
  const auto gone = std::find(types.begin(), types.end(), "note");
  EXPECT_TRUE(decided < gone && gone != types.end());
}

TEST_F(AcceptTest, WhatWasOnlyStagedIsRemovedWhenAHeldRunIsAccepted) {
  Scene other;
  other.put("store/one.note", Scene::note("berlin", "new"));
  other.put("live/note", Scene::note("berlin", "old"));
  const auto made = other.plan(restore_newest(), {{"healthy", "test"}});
  other.execute(*made, restore_newest());
  const auto types = other.record_types();
  const auto staged = std::find(types.begin(), types.end(), "result") - types.begin();
  other.roll_back(*made);
  // As it was right after staging: the old note lives, the new one lies beside it.
  other.cut_journal(static_cast<std::size_t>(staged) + 1);
  const auto records = other.records();
  const std::string place = records.back().body.at("result").at("handle").at("path").text();
  std::ofstream(place) << Scene::note("berlin", "new");
  const auto report = other.accept(*made);
  EXPECT_EQ(report.ending, Ending::kDone);
  EXPECT_THAT(report.undone, ElementsAre("removed what was staged for note"));
  EXPECT_FALSE(std::filesystem::exists(place));
  EXPECT_EQ(other.get("live/note"), Scene::note("berlin", "old"));
}

}  // namespace
}  // namespace snapcore
