// The restore sequence of the core, over a source and a target that are real files.
#include <gmock/gmock.h>

#include "scene.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// The newest note of the store onto the live one; then, if named, an entry that must be there.
Script restore_newest(std::string then_expect = "") {
  return [then_expect](Gate& gate) -> Result<> {
    auto newest = call(gate, "store", "latest", Value::object({{"kind", "plain-note"}}));
    if (!newest) return fail(newest.error());
    auto restored = call(gate, "note", "restore", Value::object({{"from", newest->known}}));
    if (!restored) return fail(restored.error());
    if (then_expect.empty()) return {};
    auto there = call(gate, "a", "expect", Value::object({{"name", then_expect}}));
    return there ? Result<>() : fail(there.error());
  };
}

struct RestoreTest : testing::Test {
  Scene scene;
  const std::string backup = Scene::note("berlin", "from the backup");
  void SetUp() override { scene.put("store/one.note", backup); }
  static std::vector<Waiver> over_healthy() { return {{"healthy", "test"}}; }
};

TEST_F(RestoreTest, ADeadTargetComesBackFromTheNewestNote) {
  const auto report =
      scene.run(restore_newest(), OnFailure::kRollback, {{"identity", "there is none to compare"}});
  ASSERT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(scene.get("live/note"), backup);
}

TEST_F(RestoreTest, ThePlanSaysWhatIsRestoredFromWhat) {
  const auto plan = scene.plan(restore_newest(), {{"identity", "test"}});
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_THAT(plan->restores, SizeIs(1));
  const PlannedRestore& restore = plan->restores[0];
  EXPECT_EQ(restore.artifact.at("ref").text(), "one.note");
  EXPECT_EQ(restore.artifact.at("sha256").text().size(), 64u);
  EXPECT_EQ(restore.digest_from, "computed while planning");
  EXPECT_TRUE(restore.examined);
  EXPECT_FALSE(restore.healthy_before);
  std::vector<std::string> ids;
  for (const PlannedCall* planned : plan->calls()) ids.push_back(planned->id);
  EXPECT_THAT(ids, ElementsAre("root#1.stage", "root#1.activate", "root#1.health"));
}

TEST_F(RestoreTest, AHealthyTargetIsRefusedWithoutAWaiver) {
  scene.put("live/note", Scene::note("berlin", "alive"));
  const auto plan = scene.plan(restore_newest());
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, "guard.healthy");
  EXPECT_TRUE(scene.plan(restore_newest(), over_healthy()));
}

TEST_F(RestoreTest, ANoteOfSomebodyElseIsRefused) {
  scene.put("live/note", Scene::note("lab", "alive"));
  const auto plan = scene.plan(restore_newest(), over_healthy());
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, "guard.identity");
  EXPECT_THAT(plan.error().message, HasSubstr("berlin"));
  EXPECT_THAT(plan.error().message, HasSubstr("lab"));
}

TEST_F(RestoreTest, ADamagedNoteIsRefusedWhilePlanning) {
  for (std::size_t length = 0; length < backup.size(); ++length) {
    scene.put("store/one.note", backup.substr(0, length));
    const auto plan = scene.plan(restore_newest(), {{"identity", "test"}});
    EXPECT_FALSE(plan) << length;
  }
}

TEST_F(RestoreTest, TheOldNoteIsKeptAsideAndComesBackWhenALaterCheckFails) {
  const std::string old = Scene::note("berlin", "alive");
  scene.put("live/note", old);
  const auto good = scene.run(restore_newest(), OnFailure::kRollback, over_healthy());
  ASSERT_EQ(good.ending, Ending::kDone) << good.error->message;
  EXPECT_THAT(scene.names("live"), SizeIs(2));

  Scene again;
  again.put("store/one.note", backup);
  again.put("live/note", old);
  const auto bad = again.run(restore_newest("nothing"), OnFailure::kRollback, over_healthy());
  EXPECT_EQ(bad.ending, Ending::kUndone);
  EXPECT_EQ(again.get("live/note"), old);
  EXPECT_THAT(again.names("live"), ElementsAre("note"));
}

TEST_F(RestoreTest, WhatWasDeadBeforeIsHeldAndShownWhenALaterCheckFails) {
  const auto report = scene.run(restore_newest("nothing"), OnFailure::kRollback,
                                {{"identity", "there is none to compare"}});
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  EXPECT_EQ(scene.get("live/note"), backup);
  ASSERT_THAT(report.standing, SizeIs(1));
  EXPECT_FALSE(report.standing[0].shell.empty());
}

TEST_F(RestoreTest, BytesThatChangedAfterApprovalNeverBecomeLive) {
  const std::string old = Scene::note("berlin", "alive");
  scene.put("live/note", old);
  const auto plan = scene.plan(restore_newest(), over_healthy());
  ASSERT_TRUE(plan);
  std::string swapped = backup;
  swapped[swapped.size() / 2] ^= 1;
  for (const std::string& text : {swapped, backup + backup, std::string()}) {
    scene.put("store/one.note", text);
    const auto report = scene.execute(*plan, restore_newest());
    EXPECT_EQ(report.ending, Ending::kFailedUntouched);
    EXPECT_EQ(scene.get("live/note"), old);
    EXPECT_THAT(scene.names("live"), ElementsAre("note"));
  }
}

TEST_F(RestoreTest, ATargetThatCameBackMeanwhileIsLeftAlone) {
  const auto plan = scene.plan(restore_newest(), {{"identity", "test"}});
  ASSERT_TRUE(plan);
  const std::string alive = Scene::note("berlin", "alive after all");
  scene.put("live/note", alive);
  const auto report = scene.execute(*plan, restore_newest());
  EXPECT_EQ(report.ending, Ending::kFailedUntouched);
  EXPECT_EQ(scene.get("live/note"), alive);
}

// Behind the first look: what stage finds live it takes for what it is to replace.
TEST_F(RestoreTest, ATargetThatComesBackWhileItIsStagedIsLeftAlone) {
  const auto plan = scene.plan(restore_newest(), {{"identity", "test"}});
  ASSERT_TRUE(plan);
  const std::string alive = Scene::note("berlin", "alive after all");
  scene.ask_before_acts([&](const PlannedCall& call) -> Result<> {
    if (call.operation == "stage") scene.put("live/note", alive);
    return {};
  });
  const auto report = scene.execute(*plan, restore_newest());
  EXPECT_EQ(report.ending, Ending::kFailedUntouched);
  EXPECT_EQ(report.error->code, "guard.target_changed");  // it can say who it is again
  EXPECT_EQ(scene.get("live/note"), alive);
}

TEST_F(RestoreTest, ANewerNoteDoesNotChangeWhatWasChosen) {
  const auto plan = scene.plan(restore_newest(), {{"identity", "test"}});
  scene.put("store/two.note", Scene::note("berlin", "newer"));
  const auto report = scene.execute(*plan, restore_newest());
  ASSERT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(scene.get("live/note"), backup);
}

TEST_F(RestoreTest, ARunbookCannotCallTheVerbsOfTheSequence) {
  for (const char* verb : {"stage", "check", "activate", "discard", "release", "capture"}) {
    const auto plan = scene.plan(in_order({{"note", verb, Value::object()}}));
    ASSERT_FALSE(plan) << verb;
    EXPECT_EQ(plan.error().code, "runbook.core_verb") << verb;
  }
  for (const char* verb : {"open", "store"}) {
    EXPECT_EQ(scene.plan(in_order({{"store", verb, Value::object()}})).error().code,
              "runbook.core_verb")
        << verb;
  }
}

TEST_F(RestoreTest, TheAgeLimitOfTheSiteCounts) {
  scene.site().policy.max_age = std::chrono::seconds(1);
  scene.put("store/one.note", backup);
  std::filesystem::last_write_time(
      scene.path("store/one.note"),
      std::filesystem::file_time_type::clock::now() - std::chrono::hours(24 * 3650));
  EXPECT_EQ(scene.plan(restore_newest(), {{"identity", "test"}}).error().code, "guard.age");
}

}  // namespace
}  // namespace snapcore
