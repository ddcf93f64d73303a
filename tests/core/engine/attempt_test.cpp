// attempt: both ways are approved; the one that failed is undone before the other begins.
#include <gmock/gmock.h>

#include "scene.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Script attempt(Script body, Handlers handlers) {
  return [=](Gate& gate) {
    Value::Array codes;
    for (const auto& [code, unused] : handlers) codes.emplace_back(code);
    return run_part(gate, PartKind::kAttempt, Value::object({{"codes", Value(codes)}}), body,
                    handlers);
  };
}

Script two_ways() {
  return one_after_the_other({in_order({add_entry("zero")}),
                              attempt(in_order({add_entry("one"),
                                                {"a", "relay", Value::object({{"name", "two"}})},
                                                expect_entry("nothing")}),
                                      {{"ledger.missing", in_order({add_entry("other")})},
                                       {"ledger.unheard_of", in_order({add_entry("never")})}}),
                              in_order({add_entry("last")})});
}

TEST(AttemptTest, EveryWayIsPlannedInAScopeOfItsOwn) {
  Scene scene;
  const auto plan = scene.plan(two_ways());
  ASSERT_TRUE(plan) << plan.error().message;
  std::vector<std::string> ids;
  for (const PlannedCall* call : plan->calls()) ids.push_back(call->id);
  EXPECT_THAT(ids, ElementsAre("root#1", "root/attempt[1]/body#1", "root/attempt[1]/body#2",
                               "root/attempt[1]/body#3", "root/attempt[1]/on[ledger.missing]#1",
                               "root/attempt[1]/on[ledger.unheard_of]#1", "root#2"));
}

TEST(AttemptTest, TheFailedBranchIsUndoneBeforeItsHandlerRuns) {
  Scene scene;
  const auto report = scene.run(two_ways());
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(scene.get("a/calls"),
            "add zero\nadd one\nrelay two\nexpect nothing\nundo one\nadd other\nadd last\n");
  EXPECT_EQ(scene.get("b/calls"), "add two\nundo two\n");
  EXPECT_THAT(report.undone, ElementsAre("removed two", "removed one"));
}

TEST(AttemptTest, TheWayThatIsNotTakenIsNotMissing) {
  Scene scene;
  scene.put("a/nothing", "");
  const auto report = scene.run(two_ways());
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "last", "nothing", "one", "zero"));
}

TEST(AttemptTest, ACallOfTheBodyThatIsLeftOutIsStillADeviation) {
  Scene scene;
  const auto plan =
      scene.plan(attempt(in_order({add_entry("one"), add_entry("two")}), {{"x.y", in_order({})}}));
  const auto report =
      scene.execute(*plan, attempt(in_order({add_entry("one")}), {{"x.y", in_order({})}}));
  EXPECT_EQ(report.error->code, "run.deviation");
  EXPECT_THAT(report.error->message, HasSubstr("root/attempt[1]/body#2"));
}

// The body fails before it comes again to what it did before the run was cut off.
TEST(AttemptTest, WhatTheBodyDidAndDoesNotComeToAgainIsUndoneToo) {
  Scene scene;
  bool fails = false;
  const Script body = [&](Gate& gate) -> Result<> {
    if (fails) return fail({.code = "test.failed", .message = "it fails at once"});
    return in_order({add_entry("one"), add_entry("two")})(gate);
  };
  const Script script =
      one_after_the_other({in_order({add_entry("zero")}),
                           attempt(body, {{"test.failed", in_order({add_entry("other")})}}),
                           in_order({add_entry("last")})});
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  scene.execute(*plan, script);
  // Behind the body, and before what follows.
  std::size_t records = 0;
  for (const Record& record : scene.records()) {
    if (record.type == "intent" && record.body.at("call").text() == "root#2") break;
    ++records;
  }
  std::filesystem::remove(scene.path("a/last"));
  scene.cut_journal(records);
  fails = true;
  const auto report = scene.resume(*plan, script);
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_THAT(report.undone, ElementsAre("removed two", "removed one"));
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "last", "other", "zero"));
}

TEST(AttemptTest, ACodeWithoutAHandlerIsNotCaught) {
  Scene scene;
  const auto report = scene.run(one_after_the_other(
      {in_order({add_entry("zero")}), attempt(in_order({add_entry("one"), expect_entry("nothing")}),
                                              {{"x.y", in_order({add_entry("other")})}})}));
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_EQ(report.error->code, "ledger.missing");
  EXPECT_THAT(scene.names("a"), ElementsAre("calls"));
}

TEST(AttemptTest, AHandlerIsToldWhatFailed) {
  Scene scene;
  std::vector<BodyFailure> told;
  const auto script = [&](Gate& gate) -> Result<> {
    auto next = gate.begin_part(
        {.kind = PartKind::kAttempt,
         .rule = Value::object({{"codes", *Value::parse(R"(["ledger.missing"])")}})});
    if (!next) return fail(next.error());
    BodyEnd end;
    if (auto ended = call(gate, "a", "expect", Value::object({{"name", "one"}})); !ended)
      end.failed = BodyFailure{.error = ended.error()};
    next = gate.body_ended(end);
    if (!next || next->what == Next::Do::kLeave) return {};
    told.push_back(next->failure);
    next = gate.body_ended({});
    return next ? Result<>() : fail(next.error());
  };
  EXPECT_EQ(scene.run(script).ending, Ending::kDone);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].error.code, "ledger.missing");  // while planning
  EXPECT_EQ(told[0].error.message, "");
  EXPECT_EQ(told[1].error.message, "there is no entry one");
  EXPECT_EQ(told[1].plugin, "ledger");
}

TEST(AttemptTest, AFailureInTheHandlerIsNotCaughtByTheSameAttempt) {
  Scene scene;
  const auto report =
      scene.run(attempt(in_order({add_entry("one"), expect_entry("nothing")}),
                        {{"ledger.missing", in_order({add_entry("other"), expect_entry("no")})}}));
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_EQ(report.error->message, "there is no entry no");
  EXPECT_THAT(scene.names("a"), ElementsAre("calls"));
}

TEST(AttemptTest, ADeviationIsNeverCaught) {
  Scene scene;
  const Handlers handlers = {{"ledger.missing", in_order({add_entry("other")})}};
  const auto plan = scene.plan(attempt(in_order({add_entry("one")}), handlers));
  const auto report =
      scene.execute(*plan, attempt(in_order({add_entry("one"), add_entry("two")}), handlers));
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  EXPECT_EQ(report.error->code, "run.deviation");
  EXPECT_EQ(scene.get("a/calls"), "add one\n");
}

TEST(AttemptTest, ABranchThatCannotBeTakenBackHoldsTheRun) {
  Scene scene;
  scene.put("a/no_way_back", "");
  const auto report = scene.run(two_ways());
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  EXPECT_EQ(report.error->code, "ledger.missing");
  ASSERT_TRUE(report.rollback_error);
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "no_way_back", "one", "zero"));
  EXPECT_EQ(report.standing.size(), 2u);
}

TEST(AttemptTest, AValueOfAWayThatMayNotBeTakenIsRefusedOutsideOfIt) {
  Scene scene;
  std::string made;
  const auto body = [&](Gate& gate) -> Result<> {
    auto added = call(gate, "a", "add", Value::object({{"name", "one"}}));
    if (added) made = added->call;
    return added ? Result<>() : fail(added.error());
  };
  const auto plan = scene.plan(one_after_the_other(
      {attempt(body, {{"x.y", in_order({})}}), [&](Gate& gate) -> Result<> {
         auto added =
             call(gate, "b", "add", Value::object({{"name", later_value(made, "name", "string")}}));
         return added ? Result<>() : fail(added.error());
       }}));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, "plan.perhaps_unknown");
}

TEST(AttemptTest, AnOlderBackupCanBeTheOtherWay) {
  Scene scene;
  scene.put("store/new.note", Scene::note("berlin", "new"));
  scene.put("store/old.note", Scene::note("berlin", "older"));
  const auto restore = [](const std::string& ref) {
    return Script([ref](Gate& gate) -> Result<> {
      auto from = call(gate, "store", "stat", Value::object({{"ref", ref}}));
      if (!from) return fail(from.error());
      auto restored = call(gate, "note", "restore", Value::object({{"from", from->known}}));
      return restored ? Result<>() : fail(restored.error());
    });
  };
  const auto report = scene.run(
      attempt(one_after_the_other({restore("new.note"), in_order({expect_entry("nothing")})}),
              {{"ledger.missing", restore("old.note")}}),
      OnFailure::kRollback, {{"healthy", "a test"}, {"identity", "a test"}});
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(scene.get("live/note"), Scene::note("berlin", "older"));
}

TEST(AttemptTest, CannotStandInsideOfARetry) {
  Scene scene;
  const auto plan = scene.plan(retry(2, attempt(in_order({}), {{"x.y", in_order({})}})));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, "runbook.bad_place");
}

TEST(AttemptTest, ARetryInItIsExhaustedBeforeItFails) {
  Scene scene;
  scene.put("a/weather", "add one before 2\n");
  const auto report = scene.run(attempt(retry(2, in_order({add_entry("one")})),
                                        {{"ledger.weather", in_order({add_entry("other")})}}));
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(scene.get("a/calls"), "add one\nadd one\nadd other\n");
}

TEST(AttemptTest, AWaitThatTimedOutCanBeCaught) {
  Scene scene;
  const Script wait = [](Gate& gate) {
    return run_part(gate, PartKind::kWaitUntil, Value::object({{"timeout", "4s"}, {"every", "2s"}}),
                    in_order({expect_entry("nothing")}));
  };
  const auto report =
      scene.run(attempt(wait, {{"run.wait_timed_out", in_order({add_entry("other")})}}));
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "other"));
}

TEST(AttemptTest, EveryCutOfTheJournalTakesTheSameWay) {
  for (std::size_t kept = 0;; ++kept) {
    Scene scene;
    const auto plan = scene.plan(two_ways());
    ASSERT_EQ(scene.execute(*plan, two_ways()).ending, Ending::kDone);
    if (kept >= scene.records().size()) break;
    scene.cut_journal(kept);
    const auto records = scene.records();
    const bool went_the_other_way = std::any_of(
        records.begin(), records.end(),
        [](const Record& record) { return record.body.at("state").text() == "handler"; });
    const auto taken_back = std::count_if(records.begin(), records.end(), [](const Record& record) {
      const std::string call = record.body.at("call").text();
      return record.type == "undo_result" &&
             (call == "root/attempt[1]/body#1" || call == "root/attempt[1]/body#2");
    });
    // Once it is known which way was taken, the world has no say in it any more.
    if (went_the_other_way) scene.put("a/nothing", "");
    const auto report = scene.resume(*plan, two_ways());
    ASSERT_EQ(report.ending, Ending::kDone) << kept << " " << report.error->message;
    EXPECT_EQ(std::count_if(report.done.begin(), report.done.end(),
                            [](const RunReport::Done& done) { return done.undone; }),
              taken_back)
        << kept;
    std::filesystem::remove(scene.path("a/nothing"));
    ASSERT_THAT(scene.names("a"), ElementsAre("calls", "last", "other", "zero")) << kept;
    ASSERT_THAT(scene.names("b"), ElementsAre("calls")) << kept;
    ASSERT_EQ(scene.roll_back(*plan).ending, Ending::kUndone) << kept;
    ASSERT_THAT(scene.names("a"), ElementsAre("calls")) << kept;
  }
}

}  // namespace
}  // namespace snapcore
