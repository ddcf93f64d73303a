// Plan and run of acts: what was approved happens, in its records; anything else stops before it
// happens, and a failure takes back what was done.
#include <gmock/gmock.h>

#include "scene.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(RunTest, PlanningChangesNothing) {
  Scene scene;
  const auto plan =
      scene.plan(in_order({add_entry("one"), add_entry("two", "b"), expect_entry("one")}));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(scene.names("a"), IsEmpty());
  EXPECT_THAT(scene.names("b"), IsEmpty());
  EXPECT_EQ(plan->acts(), 2u);
  ASSERT_EQ(plan->calls().size(), 3u);
  EXPECT_EQ(plan->calls()[0]->id, "root#1");
  EXPECT_THAT(plan->calls()[0]->effects, ElementsAre("add the entry one"));
  EXPECT_THAT(plan->calls()[0]->undo_words, ElementsAre("remove it again"));
}

TEST(RunTest, TheSameScriptGivesTheSameDigest) {
  Scene scene;
  const Script script = in_order({add_entry("one"), expect_entry("one")});
  EXPECT_EQ(scene.plan(script)->digest(), scene.plan(script)->digest());
}

TEST(RunTest, WhatWasPlannedHappensBetweenTwoRecordsEach) {
  Scene scene;
  const auto report = scene.run(in_order({add_entry("one"), expect_entry("one")}));
  EXPECT_EQ(report.ending, Ending::kDone);
  EXPECT_EQ(scene.get("a/calls"), "add one\nexpect one\n");
  EXPECT_THAT(scene.record_types(),
              ElementsAre("intent", "undo_recorded", "result", "intent", "result", "end"));
}

TEST(RunTest, TheUndoIsOnRecordBeforeTheResultAndTheIntentBeforeBoth) {
  Scene scene;
  scene.run(in_order({add_entry("one")}));
  const auto records = scene.records();
  EXPECT_EQ(records[0].body.at("call").text(), "root#1");
  EXPECT_EQ(records[0].body.at("args").dump(), R"({"name":"one"})");
  EXPECT_EQ(records[0].body.at("key").text().size(), 64u);
  EXPECT_EQ(records[1].body.at("undo").at("data").text(), "one");
  EXPECT_EQ(records[2].body.at("result").at("number").int_or(0), 1);
}

TEST(RunTest, APredictedFieldIsKnownWhilePlanningAndTheRestIsNot) {
  Scene scene;
  Answer answer;
  const auto plan = scene.plan([&](Gate& gate) -> Result<> {
    answer = *call(gate, "a", "add", Value::object({{"name", "one"}}));
    return {};
  });
  EXPECT_EQ(answer.known.at("name").text(), "one");
  EXPECT_FALSE(answer.known.has("number"));
  EXPECT_FALSE(answer.complete);
  EXPECT_EQ(answer.call, "root#1");
}

TEST(RunTest, ALaterValueReachesTheCallThatNeedsIt) {
  Scene scene;
  const Script script = [](Gate& gate) -> Result<> {
    auto first = call(gate, "a", "add", Value::object({{"name", "one"}}));
    if (!first) return fail(first.error());
    auto second = call(gate, "b", "add",
                       Value::object({{"name", later_value(first->call, "name", "string")}}));
    if (!second) return fail(second.error());
    return {};
  };
  EXPECT_EQ(scene.run(script).ending, Ending::kDone);
  EXPECT_THAT(scene.names("b"), ElementsAre("calls", "one"));
}

TEST(RunTest, ALaterValueOfAnotherTypeIsRefusedWhilePlanning) {
  Scene scene;
  const auto plan = scene.plan([](Gate& gate) -> Result<> {
    auto first = call(gate, "a", "add", Value::object({{"name", "one"}}));
    auto second = call(gate, "b", "add",
                       Value::object({{"name", later_value(first->call, "number", "integer")}}));
    if (!second) return fail(second.error());
    return {};
  });
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().message, HasSubstr("name"));
}

TEST(RunTest, AReadOfWhatThePlanHasChangedIsUnknown) {
  Scene scene;
  Answer before, after, other;
  const auto plan = scene.plan([&](Gate& gate) -> Result<> {
    before = *call(gate, "a", "count");
    call(gate, "a", "add", Value::object({{"name", "one"}}));
    after = *call(gate, "a", "count");
    other = *call(gate, "b", "count");
    return {};
  });
  EXPECT_TRUE(before.complete);
  EXPECT_EQ(before.known.at("count").int_or(-1), 0);
  EXPECT_FALSE(after.complete);
  EXPECT_THAT(after.known.members(), IsEmpty());
  EXPECT_TRUE(other.complete);
}

// Deviations: each script plans one thing and does another.
struct Deviation {
  const char* what;
  std::vector<Step> planned;
  std::vector<Step> executed;
};

TEST(RunTest, ADeviationStopsBeforeTheActAndNamesBothSides) {
  const std::vector<Deviation> deviations = {
      {"an extra call", {add_entry("one")}, {add_entry("one"), add_entry("two")}},
      {"another operation",
       {add_entry("one"), expect_entry("one")},
       {add_entry("one"), add_entry("two")}},
      {"another argument",
       {add_entry("one"), add_entry("two")},
       {add_entry("one"), add_entry("three")}},
      {"another instance",
       {add_entry("one"), add_entry("two")},
       {add_entry("one"), add_entry("two", "b")}},
  };
  for (const auto& [what, planned, executed] : deviations) {
    Scene scene;
    const auto plan = scene.plan(in_order(planned));
    const auto report = scene.execute(*plan, in_order(executed));
    EXPECT_EQ(report.ending, Ending::kNeedsPerson) << what;
    ASSERT_TRUE(report.error) << what;
    EXPECT_EQ(report.error->code, "run.deviation") << what;
    EXPECT_THAT(report.error->message, HasSubstr("approved plan")) << what;
    EXPECT_THAT(report.error->message, HasSubstr("this run")) << what;
    EXPECT_EQ(scene.get("a/calls"), "add one\n") << what;
    EXPECT_THAT(scene.names("b"), IsEmpty()) << what;
    EXPECT_EQ(report.standing.size(), 1u) << what;
  }
}

TEST(RunTest, AMissingCallHoldsTheRun) {
  Scene scene;
  const auto plan = scene.plan(in_order({add_entry("one"), expect_entry("one")}));
  const auto report = scene.execute(*plan, in_order({add_entry("one")}));
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  EXPECT_EQ(report.error->code, "run.deviation");
  EXPECT_THAT(report.error->message, HasSubstr("root#2"));
}

TEST(RunTest, NothingHappensAfterAStopHoweverOftenTheScriptTries) {
  Scene scene;
  const auto plan = scene.plan(in_order({add_entry("one"), add_entry("two")}));
  const auto report = scene.execute(*plan, [](Gate& gate) -> Result<> {
    EXPECT_FALSE(call(gate, "a", "add", Value::object({{"name", "unplanned"}})));
    EXPECT_NE(gate.stopped(), nullptr);
    for (const char* name : {"one", "two"}) {
      EXPECT_FALSE(call(gate, "a", "add", Value::object({{"name", name}})));
    }
    return {};
  });
  EXPECT_THAT(scene.names("a"), IsEmpty());
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
}

TEST(RunTest, AFailureTakesBackWhatWasDoneNewestFirst) {
  Scene scene;
  const auto report =
      scene.run(in_order({add_entry("one"), add_entry("two", "b"), expect_entry("nothing")}));
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_EQ(report.error->code, "ledger.missing");
  EXPECT_THAT(report.undone, ElementsAre("removed two", "removed one"));
  EXPECT_THAT(scene.names("a"), ElementsAre("calls"));
  EXPECT_THAT(scene.names("b"), ElementsAre("calls"));
  EXPECT_THAT(report.standing, IsEmpty());
}

// Nothing of the way back is begun that the journal does not know of.
TEST(RunTest, AWayBackThatCannotBeWrittenDownIsNotCalledHalfTaken) {
  Scene scene;
  int asked = 0;
  scene.ask_before_acts([&](const PlannedCall&) -> Result<> {
    if (++asked == 2) std::filesystem::remove(scene.path("journal-1"));
    return {};
  });
  const auto report = scene.run(in_order({add_entry("one"), expect_entry("nothing")}));
  ASSERT_TRUE(report.rollback_error);
  EXPECT_EQ(report.rollback_error->code, "journal.gone");
  ASSERT_EQ(report.standing.size(), 1U);
  EXPECT_FALSE(report.standing.front().half_undone);
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "one"));
}

TEST(RunTest, ARunWhoseOnlyActsDidNothingTouchedNothing) {
  const Script nothing = in_order({add_entry("one", "a", "before")});
  EXPECT_EQ(Scene().run(nothing).ending, Ending::kFailedUntouched);
  const Script one = in_order({add_entry("one"), add_entry("two", "a", "before")});
  EXPECT_EQ(Scene().run(one).ending, Ending::kUndone);

  Scene scene;
  const auto plan = scene.plan(nothing);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(scene.execute(*plan, nothing, OnFailure::kHold).ending, Ending::kNeedsPerson)
      << "as was asked for";
  EXPECT_EQ(scene.resume(*plan, nothing).ending, Ending::kFailedUntouched);
}

TEST(RunTest, AHalfDoneActIsTakenBackAndOneThatDidNothingIsNot) {
  for (const char* fails : {"before", "after", "unknown"}) {
    Scene scene;
    const auto report = scene.run(in_order({add_entry("one", "a", fails)}));
    const bool nothing = std::string(fails) == "before";
    EXPECT_EQ(report.ending, nothing ? Ending::kFailedUntouched : Ending::kUndone) << fails;
    EXPECT_THAT(scene.names("a"), ElementsAre("calls")) << fails;
    EXPECT_EQ(scene.get("a/calls"), nothing ? "add one\n" : "add one\nundo one\n") << fails;
  }
}

TEST(RunTest, AWayBackThatFailsStopsThereAndSaysWhatStands) {
  Scene scene;
  scene.put("a/no_way_back", "");
  const auto report =
      scene.run(in_order({add_entry("one"), add_entry("two", "b"), expect_entry("nothing")}));
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  ASSERT_TRUE(report.rollback_error);
  EXPECT_EQ(report.rollback_error->code, "ledger.broken");
  ASSERT_EQ(report.standing.size(), 1u);
  EXPECT_EQ(report.standing[0].instance, "a");
  EXPECT_THAT(report.standing[0].shell, ElementsAre("rm one"));
  EXPECT_THAT(scene.names("b"), ElementsAre("calls"));
}

TEST(RunTest, HoldLeavesWhatWasDoneAndShowsTheWayBack) {
  Scene scene;
  const auto report =
      scene.run(in_order({add_entry("one"), expect_entry("nothing")}), OnFailure::kHold);
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "one"));
  ASSERT_EQ(report.standing.size(), 1u);
  EXPECT_THAT(report.standing[0].shell, ElementsAre("rm one"));
}

TEST(RunTest, ABrokenPredictionNamesThePluginAndIsTakenBack) {
  Scene scene;
  const auto report = scene.run(in_order({{"a", "lie", Value::object({{"name", "one"}})}}));
  EXPECT_EQ(report.error->code, "plugin.broken_prediction");
  EXPECT_THAT(report.error->message, HasSubstr("ledger"));
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_THAT(scene.names("a"), ElementsAre("calls"));
}

TEST(RunTest, ADestroyNeedsItsLossAcceptedByName) {
  Scene scene;
  scene.put("a/one", "");
  const Script script = in_order({{"a", "burn", Value::object({{"name", "one"}})}});
  const auto refused = scene.plan(script);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "guard.loss_not_accepted");
  EXPECT_THAT(refused.error().hint, HasSubstr("--accept-loss a"));
  EXPECT_FALSE(scene.plan(script, {}, {"b"}));
  const auto plan = scene.plan(script, {}, {"a"});
  ASSERT_TRUE(plan);
  EXPECT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
  EXPECT_THAT(scene.names("a"), ElementsAre("calls"));
}

TEST(RunTest, AfterADestroyTheRunCannotBeTakenBackAndSaysSo) {
  Scene scene;
  scene.put("a/one", "");
  const Script script =
      in_order({{"a", "burn", Value::object({{"name", "one"}})}, expect_entry("one")});
  const auto plan = scene.plan(script, {}, {"a"});
  const auto report = scene.execute(*plan, script);
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  EXPECT_EQ(report.rollback_error->code, "run.no_undo");
}

TEST(RunTest, ANestedActHappensOnlyAsItWasAnnounced) {
  Scene scene;
  const Script honest = in_order({{"a", "relay", Value::object({{"name", "one"}})}});
  EXPECT_EQ(scene.run(honest).ending, Ending::kDone);
  EXPECT_THAT(scene.names("b"), ElementsAre("calls", "one"));

  Scene other;
  const Script sly =
      in_order({{"a", "relay", Value::object({{"name", "one"}, {"fails", "before"}})}});
  const auto report = other.run(sly);
  EXPECT_EQ(report.error->code, "run.deviation");
  EXPECT_THAT(other.names("b"), IsEmpty());
}

TEST(RunTest, AnActWithNestedUndoTakesItsChildrenBack) {
  Scene scene;
  const auto report =
      scene.run(in_order({{"a", "relay", Value::object({{"name", "one"}, {"fails", "after"}})}}));
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_THAT(scene.names("b"), ElementsAre("calls"));
  EXPECT_EQ(scene.get("b/calls"), "add one\nundo one\n");
}

TEST(RunTest, TheWayBackGetsTheSecretThatTheActHad) {
  Scene scene;
  ::setenv("LEDGER_PIN", "1234", 1);
  const Step seal{
      "a", "seal",
      Value::object({{"name", "safe"}, {"pin", Value::object({{"$secret", "env:LEDGER_PIN"}})}})};
  const auto report = scene.run(in_order({seal, add_entry("one", "a", "before")}));
  ::unsetenv("LEDGER_PIN");
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_EQ(scene.get("a/calls"),
            "sealed with a pin of 4 digits\nadd one\nunsealed with a pin of 4 digits\n");
  for (const Record& record : scene.records())
    EXPECT_THAT(record.body.dump(), testing::Not(HasSubstr("1234"))) << record.type;
}

TEST(RunTest, AConditionThatDoesNotHoldSkipsItsCalls) {
  for (const bool there_before : {true, false}) {
    Scene scene;
    if (there_before) scene.put("a/one", "");
    const auto report = scene.run([](Gate& gate) -> Result<> {
      auto added = call(gate, "a", "add", Value::object({{"name", "one"}}));
      if (!added) return fail(added.error());
      auto holds = gate.begin_when(later_value(added->call, "fresh", "boolean"), {});
      if (!holds) return fail(holds.error());
      if (!*holds) return {};
      auto inner = call(gate, "b", "add", Value::object({{"name", "was-fresh"}}));
      gate.end_when();
      if (!inner) return fail(inner.error());
      return {};
    });
    EXPECT_EQ(report.ending, Ending::kDone) << there_before;
    EXPECT_EQ(scene.names("b").empty(), there_before);
  }
}

TEST(RunTest, ASecretInPlainTextIsCalledThatAndIsNoMisbehaviourOfAPlugin) {
  Scene scene;
  ::setenv("RUN_TEST_PIN", "topsecret99", 1);
  const auto report = scene.run(
      in_order({{"a", "seal", Value::object({{"name", "x"}, {"pin", "env:RUN_TEST_PIN"}})},
                add_entry("topsecret99")}));
  EXPECT_EQ(report.ending, Ending::kDoneWithWarnings);
  EXPECT_FALSE(report.error) << report.error->message;
  ASSERT_EQ(report.warnings.size(), 1u);
  EXPECT_THAT(report.warnings[0], HasSubstr("a.add: an argument is the value of a secret"));
}

TEST(RunTest, ALoopThatCatchesItsFailuresIsStoppedWhilePlanning) {
  Scene scene;
  int calls = 0;
  std::string code;
  const auto plan = scene.plan([&](Gate& gate) -> Result<> {
    while (!gate.stopped() && calls < 9'000) {
      ++calls;
      auto failed = call(gate, "a", "add", Value::object({{"no", "such argument"}}));
      if (!failed) code = failed.error().code;
    }
    auto refused = call(gate, "a", "add", Value::object({{"name", "one"}}));
    return refused ? Result<>() : fail(refused.error());
  });
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, "runbook.too_many_failures");
  EXPECT_EQ(code, "runbook.too_many_failures");
  EXPECT_EQ(calls, 1'001);
}

TEST(RunTest, ContinueLeavesAFailedStepAndGoesOn) {
  Scene scene;
  const Script script = [](Gate& gate) -> Result<> {
    for (const char* name : {"nothing", "one"}) {
      if (auto begun = gate.begin_step(name, {}); !begun) return begun;
      auto answer = std::string(name) == "one"
                        ? call(gate, "b", "add", Value::object({{"name", name}}))
                        : call(gate, "a", "expect", Value::object({{"name", name}}));
      if (!answer && !gate.step_failed(answer.error())) return fail(answer.error());
      gate.end_step();
    }
    return {};
  };
  const auto report = scene.run(script, OnFailure::kContinue);
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  EXPECT_THAT(scene.names("b"), ElementsAre("calls", "one"));
  EXPECT_THAT(report.warnings, ElementsAre(HasSubstr("nothing")));
}

Script answer_of(const std::string& what) {
  return [what](Gate& gate) -> Result<> {
    const auto answer = gate.outside(what);
    return answer ? Result<>() : fail(answer.error());
  };
}

// Only looks where the entry was new.
Script look_if_fresh(const std::string& name) {
  return [name](Gate& gate) -> Result<> {
    const auto added = call(gate, "b", "add", Value::object({{"name", name}}));
    if (!added) return fail(added.error());
    const auto holds = gate.begin_when(later_value(added->call, "fresh", "boolean"), {});
    if (!holds || !*holds) return holds ? Result<>() : fail(holds.error());
    const auto inner = call(gate, "store", "list");
    gate.end_when();
    return inner ? Result<>() : fail(inner.error());
  };
}

// Its second half is a little of everything that has a number.
Script in_its_middle() {
  return step_of("bad",
                 one_after_the_other({in_order({add_entry("x"), add_entry("never", "a", "before")}),
                                      answer_of("uuid"), look_if_fresh("neither"),
                                      in_order({{"store", "list", Value::object()}}),
                                      retry(2, answer_of("uuid"))}));
}
Script behind_it() {
  return one_after_the_other(
      {step_of("good", one_after_the_other({answer_of("now"), look_if_fresh("two")})),
       step_of("last", one_after_the_other({retry(3, answer_of("now")),
                                            in_order({{"store", "latest", Value::object()}}),
                                            look_if_fresh("three")}))});
}

TEST(RunTest, AStepThatIsLeftInItsMiddleLeavesNothingOfItToWhatComesBehind) {
  Scene scene;
  scene.put("store/n.note", Scene::note("berlin", "new"));
  const Script script = one_after_the_other({in_its_middle(), behind_it()});
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  const auto report = scene.execute(*plan, script, OnFailure::kContinue);
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  EXPECT_EQ(report.error->code, "ledger.broken") << report.error->message;
  EXPECT_EQ(scene.get("a/calls"), "add x\nadd never\n");
  EXPECT_EQ(scene.get("b/calls"), "add two\nadd three\n");
  const auto again = scene.resume(*plan, script, OnFailure::kContinue);
  EXPECT_EQ(again.error->code, "ledger.broken") << again.error->message;
  EXPECT_EQ(scene.get("b/calls"), "add two\nadd three\n");
}

TEST(RunTest, APlanOfBeforeItKeptWhereStepsEndPassesOverTheCallsOfAStep) {
  Scene scene;
  const Script script = one_after_the_other(
      {step_of("bad", in_order({add_entry("x", "a", "before"), add_entry("never")})),
       step_of("good", in_order({add_entry("one")}))});
  auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  plan->steps.clear();
  const auto report = scene.execute(*plan, script, OnFailure::kContinue);
  EXPECT_EQ(report.error->code, "ledger.broken") << report.error->message;
  EXPECT_EQ(scene.get("a/calls"), "add x\nadd one\n");
}

TEST(RunTest, AnActIsNotBegunOnceTheRightToItIsLost) {
  Scene scene;
  const auto plan = scene.plan(in_order({add_entry("one"), expect_entry("one"), add_entry("two")}));
  std::vector<std::string> asked;
  scene.ask_before_acts([&](const PlannedCall& planned) -> Result<> {
    asked.push_back(planned.id);
    if (asked.size() < 2) return {};
    return fail({.code = "lease.lost", .message = "somebody took the ledger"});
  });
  const auto report =
      scene.execute(*plan, in_order({add_entry("one"), expect_entry("one"), add_entry("two")}));
  EXPECT_THAT(asked, ElementsAre("root#1", "root#3"));
  EXPECT_EQ(report.ending, Ending::kNeedsPerson) << "nothing is undone without the right either";
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->code, "lease.lost");
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "one"));
  EXPECT_EQ(scene.get("a/calls"), "add one\nexpect one\n");
}

TEST(RunTest, WhatTheActsInsideOfAnActNameIsClaimedByThePlan) {
  Scene scene;
  const auto plan = scene.plan(in_order({{"a", "relay", Value::object({{"name", "one"}})}}));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->calls().at(0)->nested_resources,
              testing::ElementsAre("ledger:" + scene.path("b")));
  EXPECT_EQ(plan_from(to_value(*plan))->calls().at(0)->nested_resources,
            plan->calls().at(0)->nested_resources);
  EXPECT_EQ(scene.get("b/calls"), "");
}

TEST(RunTest, WhatAPlanLeavesOpenOfAnActInsideOfAnActFitsWhateverItIs) {
  for (const Value& args :
       {Value::object({{"name", "one"}}), Value::object({{"name", "one"}, {"fails", "never"}})}) {
    Scene scene;
    const Script script = in_order({{"a", "lend", args}});
    const auto plan = scene.plan(script);
    ASSERT_TRUE(plan) << plan.error().message;
    EXPECT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
    EXPECT_THAT(scene.names("b"), ElementsAre("calls", "one"));
  }
}

TEST(RunTest, WhatANestedReadEmitsComesAsLines) {
  Scene scene;
  scene.put("b/one", "");
  scene.put("b/two", "");
  std::string text;
  const Script script = [&](Gate& gate) -> Result<> {
    auto peeked = call(gate, "a", "peek", Value::object());
    if (!peeked) return fail(peeked.error());
    text = peeked->known.at("text").text();
    return {};
  };
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(text, "{\"fails\":\"\",\"name\":\"one\"}\n{\"fails\":\"\",\"name\":\"two\"}\n");
}

TEST(RunTest, WhatAnActInsideOfAnActChangesIsReadOnlyAfterIt) {
  Scene scene;
  std::vector<bool> known;
  const Script script = [&](Gate& gate) -> Result<> {
    auto relayed = call(gate, "a", "relay", Value::object({{"name", "one"}}));
    if (!relayed) return fail(relayed.error());
    auto counted = call(gate, "b", "count");
    if (!counted) return fail(counted.error());
    known.push_back(counted->complete);
    return {};
  };
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(known, testing::Each(false));
  EXPECT_EQ(scene.get("b/calls"), "");
  EXPECT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
  EXPECT_TRUE(known.back());
}

TEST(RunTest, NothingIsTakenBackOnceTheRightToItIsLost) {
  Scene scene;
  const Script script = in_order({add_entry("one"), expect_entry("nothing")});
  const auto plan = scene.plan(script);
  int asked = 0;
  scene.ask_before_acts([&](const PlannedCall&) -> Result<> {
    if (++asked == 1) return {};
    return fail({.code = "lease.lost", .message = "somebody took the ledger"});
  });
  const auto report = scene.execute(*plan, script);
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
  EXPECT_EQ(report.error->code, "ledger.missing");
  ASSERT_TRUE(report.rollback_error);
  EXPECT_EQ(report.rollback_error->code, "lease.lost");
  EXPECT_EQ(scene.get("a/calls"), "add one\nexpect nothing\n");
}

TEST(RunTest, ARunTheOperatorStoppedStaysAsItIsUntilSomebodyDecides) {
  Scene scene;
  const auto plan = scene.plan(in_order({add_entry("one"), add_entry("two")}));
  const auto report = scene.execute(*plan, [&](Gate& gate) -> Result<> {
    call(gate, "a", "add", Value::object({{"name", "one"}}));
    scene.cancel();
    auto second = call(gate, "a", "add", Value::object({{"name", "two"}}));
    return second ? Result<>() : fail(second.error());
  });
  EXPECT_EQ(report.error->code, "run.interrupted");
  EXPECT_EQ(report.ending, Ending::kInterrupted);
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "one"));
  ASSERT_EQ(report.standing.size(), 1U);
  EXPECT_THAT(report.standing.front().shell, ElementsAre("rm one"));
}

TEST(RunTest, ARunbookThatRunsAwayIsStoppedWhilePlanning) {
  const std::vector<std::function<void(Gate&)>> words = {
      [](Gate& gate) { gate.note("again", {}); }, [](Gate& gate) { (void)gate.outside("uuid"); },
      [](Gate& gate) { (void)gate.outside("now"); },
      [](Gate& gate) {
        if (gate.begin_step("again", {})) gate.end_step();
      }};
  for (std::size_t word = 0; word < words.size(); ++word) {
    Scene scene;
    const auto plan = scene.plan([&](Gate& gate) -> Result<> {
      for (int i = 0; i < 30'000; ++i) words[word](gate);
      auto added = call(gate, "a", "add", Value::object({{"name", "one"}}));
      return added ? Result<>() : fail(added.error());
    });
    ASSERT_FALSE(plan) << word;
    EXPECT_EQ(plan.error().code, "runbook.too_long") << word;
  }
}

TEST(RunTest, ASecondPassThatDoesSomethingElseIsNotDeterministic) {
  Scene scene;
  ASSERT_TRUE(scene.plan(in_order({add_entry("one")})));
  Planner second({.instances = scene.instances(), .clock = scene.clock()}, scene.learned());
  const auto answer = call(second, "a", "add", Value::object({{"name", "two"}}));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, "plan.not_deterministic");
  EXPECT_NE(second.stopped(), nullptr);
}

TEST(RunTest, TheSecondPassAsksNobodyAgain) {
  Scene scene;
  const Script script = [](Gate& gate) -> Result<> {
    auto count = call(gate, "a", "count");
    return count ? Result<>() : fail(count.error());
  };
  ASSERT_TRUE(scene.plan(script));
  Planner second({.instances = scene.instances(), .clock = scene.clock()}, scene.learned());
  ASSERT_TRUE(script(second));
  EXPECT_EQ(scene.get("a/calls"), "count\n");
}

}  // namespace
}  // namespace snapcore
