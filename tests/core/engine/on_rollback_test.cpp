// on_rollback: what a runbook adds to its way back is made from the plan, where it stands.
#include <gmock/gmock.h>

#include "scene.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Script on_rollback(Script body) {
  return
      [body](Gate& gate) { return run_part(gate, PartKind::kOnRollback, Value::object(), body); };
}

// Zero, what is added, one; then it fails.
Script failing(std::vector<Step> added) {
  return one_after_the_other({in_order({add_entry("zero")}), on_rollback(in_order(added)),
                              in_order({add_entry("one"), expect_entry("nothing")})});
}

TEST(OnRollbackTest, IsPlannedAndDoesNothingInARunThatEndsWell) {
  Scene scene;
  scene.put("a/nothing", "");
  const auto plan = scene.plan(failing({add_entry("back", "b")}));
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_NE(plan->find("root/on_rollback[1]#1"), nullptr);
  EXPECT_EQ(scene.execute(*plan, failing({add_entry("back", "b")})).ending, Ending::kDone);
  EXPECT_THAT(scene.names("b"), IsEmpty());
}

TEST(OnRollbackTest, IsMadeWhereItStandsAmongTheActsThatAreUndone) {
  Scene scene;
  const auto report = scene.run(failing({expect_entry("zero"), add_entry("back", "b")}));
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_FALSE(report.rollback_error);
  EXPECT_EQ(scene.get("a/calls"),
            "add zero\nadd one\nexpect nothing\nundo one\nexpect zero\nundo zero\n");
  EXPECT_THAT(report.undone, ElementsAre("removed one", "add the entry back", "removed zero"));
  EXPECT_THAT(scene.names("b"), ElementsAre("back", "calls"));
}

TEST(OnRollbackTest, IsMadeByARollbackThatHasNoRunbook) {
  Scene scene;
  const Script script = failing({expect_entry("zero"), add_entry("back", "b")});
  const auto plan = scene.plan(script);
  scene.put("a/nothing", "");
  ASSERT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
  const auto report = scene.roll_back(*plan);
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_THAT(report.undone, ElementsAre("removed one", "add the entry back", "removed zero"));
  EXPECT_THAT(scene.roll_back(*plan).undone, IsEmpty());
}

TEST(OnRollbackTest, IsNothingToLetGoOfWhenItsRunIsAccepted) {
  Scene scene;
  const Script script = failing({add_entry("back", "b")});
  const auto plan = scene.plan(script);
  scene.put("a/nothing", "");
  ASSERT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
  const auto report = scene.accept(*plan);
  EXPECT_EQ(report.ending, Ending::kDone);
  EXPECT_THAT(report.undone, IsEmpty());
  EXPECT_THAT(scene.names("b"), IsEmpty());
}

TEST(OnRollbackTest, AWayBackThatFailsInItStopsThereAndGoesOnLater) {
  Scene scene;
  const Script script = failing({add_entry("back", "b"), expect_entry("the key")});
  const auto plan = scene.plan(script);
  const auto held = scene.execute(*plan, script);
  EXPECT_EQ(held.ending, Ending::kNeedsPerson);
  EXPECT_EQ(held.rollback_error->message, "there is no entry the key");
  ASSERT_EQ(held.standing.size(), 1u);
  scene.put("a/the key", "");
  const auto report = scene.roll_back(*plan);
  EXPECT_EQ(report.ending, Ending::kUndone) << report.rollback_error->message;
  EXPECT_EQ(scene.get("b/calls"), "add back\n");
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "the key"));
}

TEST(OnRollbackTest, IsMadeOnceWhereverTheWayBackWasCutOff) {
  const Script script = failing({expect_entry("zero"), add_entry("back", "b")});
  for (std::size_t kept = 0;; ++kept) {
    Scene scene;
    const auto plan = scene.plan(script);
    ASSERT_EQ(scene.execute(*plan, script).ending, Ending::kUndone);
    if (kept >= scene.records().size()) break;
    scene.put("a/zero", "");  // cut off before it was undone
    scene.cut_journal(kept);
    bool undone_now = false, registered = false;
    for (const Record& record : scene.records()) {
      if (record.type == "intent" && record.body.at("call").text() == "root#1") undone_now = true;
      if (record.type == "undo_result" && record.body.at("call").text() == "root#1")
        undone_now = false;  // it was before
      registered = registered || record.body.at("state").text() == "registered";
    }
    std::filesystem::remove(scene.path("b/back"));
    const auto before = scene.records();
    const bool made = std::any_of(before.begin(), before.end(), [](const Record& record) {
      return record.type == "result" && record.body.at("call").text() == "root/on_rollback[1]#2";
    });
    const auto report = scene.roll_back(*plan);
    ASSERT_FALSE(report.rollback_error) << kept << " " << report.rollback_error->message;
    EXPECT_EQ(std::filesystem::exists(scene.path("b/back")), registered && !made) << kept;
    EXPECT_EQ(std::filesystem::exists(scene.path("a/zero")), !undone_now) << kept;
  }
}

TEST(OnRollbackTest, BelongsToTheBranchOfAnAttempt) {
  Scene scene;
  const Script body = one_after_the_other(
      {on_rollback(in_order({add_entry("back", "b")})), in_order({expect_entry("nothing")})});
  const auto report = scene.run([&](Gate& gate) {
    return run_part(gate, PartKind::kAttempt,
                    Value::object({{"codes", *Value::parse(R"(["ledger.missing"])")}}), body,
                    {{"ledger.missing", in_order({add_entry("other")})}});
  });
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "other"));
  EXPECT_THAT(scene.names("b"), ElementsAre("back", "calls"));
}

TEST(OnRollbackTest, IsThereOnceHoweverOftenARetryComesToIt) {
  Scene scene;
  scene.put("a/weather", "add one before 1\n");
  const auto report = scene.run(one_after_the_other(
      {retry(2, one_after_the_other({on_rollback(in_order({add_entry("back", "b")})),
                                     in_order({add_entry("one")})})),
       in_order({expect_entry("nothing")})}));
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_EQ(scene.get("b/calls"), "add back\n");
}

TEST(OnRollbackTest, HoldsOnlyWhatCanBeMadeAgainAfterItWasCutOff) {
  Scene scene;
  for (const char* operation : {"ring", "post", "relay"}) {
    const auto plan = scene.plan(failing({{"a", operation, Value::object({{"name", "back"}})}}));
    ASSERT_FALSE(plan) << operation;
    EXPECT_EQ(plan.error().code, "runbook.act_in_on_rollback");
    EXPECT_THAT(plan.error().message, HasSubstr(std::string("a.") + operation));
  }
}

TEST(OnRollbackTest, ItsNotesAreSaidOnTheWayBack) {
  Scene scene;
  const auto plan = scene.plan(one_after_the_other({on_rollback([](Gate& gate) -> Result<> {
                                                      gate.note("tell the others", {});
                                                      return {};
                                                    }),
                                                    in_order({add_entry("one")})}));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->notes, IsEmpty());
  EXPECT_THAT(plan->parts[0].notes, ElementsAre("tell the others"));
}

TEST(OnRollbackTest, ARunThatWasTakenBackAndGoesOnHasItOnItsWayBackAgain) {
  Scene scene;
  const Script script = failing({add_entry("back", "b")});
  const auto plan = scene.plan(script);
  scene.put("a/nothing", "");
  scene.execute(*plan, script);
  ASSERT_EQ(scene.roll_back(*plan).ending, Ending::kUndone);
  std::filesystem::remove(scene.path("b/back"));
  const auto resumed = scene.resume(*plan, script);
  ASSERT_EQ(resumed.ending, Ending::kDoneWithWarnings);
  EXPECT_THAT(resumed.warnings,
              ElementsAre("b.add was made on the way back, before this run was gone on with: "
                          "nothing takes it back"));
  EXPECT_THAT(scene.roll_back(*plan).undone,
              ElementsAre("removed one", "add the entry back", "removed zero"));
  EXPECT_THAT(scene.names("b"), ElementsAre("back", "calls"));
}

}  // namespace
}  // namespace snapcore
