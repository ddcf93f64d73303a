// phase: what cannot be planned yet is approved as bounds, and planned when the run comes there.
#include <gmock/gmock.h>

#include "scene.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kOnB = R"({"acts":9,"destroys":0,"instances":["b"]})";

// As many entries on b as there are on a by then.
Script copies() {
  return [](Gate& gate) -> Result<> {
    const auto count = count_of(gate, "a");
    if (!count) return fail(count.error());
    for (std::int64_t i = 1; i <= *count; ++i) {
      auto added = call(gate, "b", "add", Value::object({{"name", "copy-" + std::to_string(i)}}));
      if (!added) return fail(added.error());
    }
    return {};
  };
}
Script run_with_a_phase() {
  return one_after_the_other({in_order({add_entry("one"), add_entry("two")}),
                              phase("Copy", kOnB, copies()), in_order({add_entry("three")})});
}

TEST(PhaseTest, ThatCanBePlannedIsPlannedWithTheRest) {
  Scene scene;
  const Script script = one_after_the_other({in_order({add_entry("x", "b")}),
                                             phase("First", "", in_order({add_entry("one")})),
                                             in_order({add_entry("y", "b")})});
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_EQ(plan->phases.size(), 3u);
  EXPECT_EQ(plan->phases[1].name, "First");
  EXPECT_EQ(plan->phases[1].calls.at(0).id, "root/phase[1]#1");
  EXPECT_EQ(plan->phases[2].calls.at(0).id, "root#2");
  EXPECT_EQ(plan->outline("First"), nullptr);
  EXPECT_EQ(plan_from(to_value(*plan))->digest(), plan->digest());
  scene.judge_phases([](const Plan&) -> Result<> {
    ADD_FAILURE() << "it is planned already";
    return {};
  });
  EXPECT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
  EXPECT_EQ(scene.get("b/calls"), "add x\nadd y\n");
}

TEST(PhaseTest, ThatWaitsForTheRunIsAnOutlineWithItsBounds) {
  Scene scene;
  const auto plan = scene.plan(run_with_a_phase());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->acts(), 3u);
  ASSERT_NE(plan->outline("Copy"), nullptr);
  EXPECT_EQ(plan->outline("Copy")->outline, "`count` is known only later");
  EXPECT_TRUE(plan->changes_something());
  const auto read = plan_from(to_value(*plan));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->outline("Copy")->rule.at("within").dump(), kOnB);
  const auto wider = scene.plan(
      one_after_the_other({in_order({add_entry("one"), add_entry("two")}),
                           phase("Copy", R"({"acts":10,"destroys":0,"instances":["b"]})", copies()),
                           in_order({add_entry("three")})}));
  EXPECT_NE(wider->digest(), plan->digest());
}

TEST(PhaseTest, WhatItCameToBeforeItStayedAnOutlineIsTakenOut) {
  Scene scene;
  const Script body = [](Gate& gate) -> Result<> {
    gate.note("a note", {});
    if (auto now = gate.outside("now"); !now) return fail(now.error());
    if (auto ended = retry(2, in_order({add_entry("early", "b")}))(gate); !ended) return ended;
    const auto count = count_of(gate, "a");
    return count ? Result<>() : fail(count.error());
  };
  const auto plan = scene.plan(one_after_the_other(
      {in_order({add_entry("one")}), phase("P", kOnB, body), in_order({add_entry("two")})}));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->notes, IsEmpty());
  EXPECT_THAT(plan->choices, IsEmpty());
  ASSERT_EQ(plan->parts.size(), 1u);
  ASSERT_EQ(plan->calls().size(), 2u);
  EXPECT_EQ(plan->calls()[1]->id, "root#2");
}

TEST(PhaseTest, BehindAStepThatFailedAndWasLeftItIsPlannedToo) {
  for (const char* how : {"before", "after"}) {
    Scene scene;
    const Script script = one_after_the_other(
        {in_order({add_entry("one")}),
         step_of("bad", in_order({add_entry("x", "b", how), add_entry("never", "b")})),
         phase("Copy", kOnB, copies()), in_order({add_entry("three")})});
    const auto plan = scene.plan(script);
    ASSERT_NE(plan->outline("Copy"), nullptr);
    const auto report = scene.execute(*plan, script, OnFailure::kContinue);
    EXPECT_EQ(report.ending, Ending::kNeedsPerson);
    EXPECT_EQ(report.error->code, "ledger.broken") << report.error->message;
    EXPECT_EQ(report.warnings.size(), 1u);
    EXPECT_EQ(scene.get("b/calls"), "add x\nadd copy-1\n");
    EXPECT_THAT(scene.names("a"), ElementsAre("calls", "one", "three"));
  }
}

TEST(PhaseTest, OfOneThatIsPlannedWhenItIsReachedAStepIsLeftAsAWhole) {
  Scene scene;
  const auto ask = [](const char* what) -> Script {
    return [what](Gate& gate) -> Result<> {
      const auto answer = gate.outside(what);
      return answer ? Result<>() : fail(answer.error());
    };
  };
  const Script body = one_after_the_other(
      {step_of("bad",
               one_after_the_other({in_order({add_entry("x", "b", "before")}), ask("uuid")})),
       step_of("good", one_after_the_other({ask("now"), copies()}))});
  const Script script = one_after_the_other(
      {in_order({add_entry("one")}), phase("Copy", kOnB, body), in_order({add_entry("three")})});
  const auto plan = scene.plan(script);
  ASSERT_NE(plan->outline("Copy"), nullptr);
  EXPECT_THAT(plan->steps, IsEmpty()) << "they are planned anew with the phase";
  const auto report = scene.execute(*plan, script, OnFailure::kContinue);
  EXPECT_EQ(report.error->code, "ledger.broken") << report.error->message;
  EXPECT_EQ(scene.get("b/calls"), "add x\nadd copy-1\n");
  EXPECT_THAT(scene.names("a"), ElementsAre("calls", "one", "three"));
}

TEST(PhaseTest, AReadThatFailsWithWhatMayGoAwayMakesItAnOutline) {
  Scene scene;
  scene.put("a/weather", "count before 1\n");
  const Script script = phase("Copy", kOnB, copies());
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_NE(plan->outline("Copy"), nullptr);
  scene.put("a/one", "one");
  EXPECT_EQ(scene.execute(*plan, script).ending, Ending::kDone);
  EXPECT_EQ(scene.get("b/calls"), "add copy-1\nadd copy-2\n");  // `weather` is one, too
}

TEST(PhaseTest, ThatCannotBePlannedAndHasNoBoundsFailsThePlan) {
  Scene scene;
  const auto plan =
      scene.plan(one_after_the_other({in_order({add_entry("one")}), phase("Copy", "", copies())}));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, "plan.phase_without_bounds");
  EXPECT_THAT(plan.error().message, HasSubstr("known only later"));
}

TEST(PhaseTest, AnyOtherErrorFailsThePlan) {
  Scene scene;
  const auto plan =
      scene.plan(phase("P", kOnB, in_order({{"a", "no_such_operation", Value::object()}})));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, "runbook.unknown_operation");
}

TEST(PhaseTest, AnInstanceOfItsBoundsMustBeThere) {
  Scene scene;
  const auto plan = scene.plan(one_after_the_other(
      {in_order({add_entry("one")}),
       phase("P", R"({"acts":1,"destroys":0,"instances":["nobody"]})", copies())}));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, "site.unknown_instance");
}

TEST(PhaseTest, AnUnknownInstanceInItsBoundsIsFoundAlsoWhereAllIsKnown) {
  Scene scene;
  const auto plan = scene.plan(phase("P", R"({"acts":1,"destroys":0,"instances":["a","nobody"]})",
                                     in_order({add_entry("one")})));
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, "site.unknown_instance");
  EXPECT_EQ(plan.error().message,
            "test.lua:2: phase 'P' names the instance 'nobody' in its bounds, which the site does "
            "not have");
}

TEST(PhaseTest, IsPlannedAtItsBorderBehindWhatWasDone) {
  Scene scene;
  std::vector<std::string> seen;
  scene.judge_phases([&](const Plan& phase) -> Result<> {
    for (const PlannedCall* call : phase.calls()) seen.push_back(call->id);
    return {};
  });
  const auto report = scene.run(run_with_a_phase());
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_THAT(seen, ElementsAre("root/phase[1]#1", "root/phase[1]#2"));
  EXPECT_EQ(scene.get("b/calls"), "add copy-1\nadd copy-2\n");
  // Once for the plan of the phase, once by the run; what was done is not done again.
  EXPECT_EQ(scene.get("a/calls"), "add one\nadd two\ncount\ncount\nadd three\n");
  EXPECT_EQ(report.done.size(), 5u);
}

TEST(PhaseTest, WhatStandsBehindItCannotKnowWhatItDoes) {
  Scene scene;
  const auto plan = scene.plan(one_after_the_other(
      {run_with_a_phase(),
       phase("Next", R"({"acts":1,"destroys":0,"instances":["a"]})", [](Gate& gate) -> Result<> {
         const auto count = count_of(gate, "b");
         return count ? Result<>() : fail(count.error());
       })}));
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_NE(plan->outline("Next"), nullptr);
}

TEST(PhaseTest, ARefusalAtItsBorderHoldsTheRunUntilSomebodyDecides) {
  for (const char* code : {"guard.age", "approval.missing", "lease.held"}) {
    Scene scene;
    const auto plan = scene.plan(run_with_a_phase());
    scene.judge_phases(
        [&](const Plan&) -> Result<> { return fail({.code = code, .message = "not like this"}); });
    const auto held = scene.execute(*plan, run_with_a_phase());
    EXPECT_EQ(held.ending, Ending::kNeedsPerson) << code;
    EXPECT_EQ(held.standing.size(), 2u);
    scene.judge_phases({});
    EXPECT_EQ(scene.resume(*plan, run_with_a_phase()).ending, Ending::kDone);
    EXPECT_EQ(scene.names("b").size(), 3u);  // with `calls`
  }
}

TEST(PhaseTest, ThatCannotBePlannedAtItsBorderFailsTheRun) {
  Scene scene;
  const auto plan = scene.plan(run_with_a_phase());
  scene.put("a/weather", "count before 9\n");
  const auto report = scene.execute(*plan, run_with_a_phase());
  EXPECT_EQ(report.ending, Ending::kUndone);
  EXPECT_THAT(scene.get("a/calls"), HasSubstr("undo two\nundo one\n"));
}

TEST(PhaseTest, NothingIsMadeWhenTheRunbookDoesNotComeThereAgain) {
  Scene scene;
  int passes = 0;
  const Script script = [&](Gate& gate) -> Result<> {
    const std::string name = ++passes > 2 ? "another" : "one";
    if (auto added = call(gate, "a", "add", Value::object({{"name", name}})); !added)
      return fail(added.error());
    return phase("Copy", kOnB, copies())(gate);
  };
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan);
  const auto report = scene.execute(*plan, script);  // the second pass; the border is the third
  EXPECT_EQ(report.error->code, "run.deviation");
  EXPECT_EQ(scene.get("a/calls"), "add one\n");
  EXPECT_EQ(report.ending, Ending::kNeedsPerson);
}

TEST(PhaseTest, ThatTheRunbookLeavesOutIsADeviation) {
  Scene scene;
  bool with_it = true;
  const Script script = [&](Gate& gate) -> Result<> {
    if (auto ended = in_order({add_entry("one")})(gate); !ended) return ended;
    return with_it ? phase("Copy", kOnB, copies())(gate) : Result<>();
  };
  const auto plan = scene.plan(script);
  with_it = false;
  const auto report = scene.execute(*plan, script);
  EXPECT_EQ(report.error->code, "run.deviation");
  EXPECT_THAT(report.error->message, HasSubstr("without phase 'Copy'"));
}

TEST(PhaseTest, StandsInNothingAndHasANameOfItsOwn) {
  Scene scene;
  const Script inner = phase("P", kOnB, in_order({add_entry("one")}));
  const auto code = [&](const Script& script) {
    const auto plan = scene.plan(script);
    return plan ? "planned" : plan.error().code;
  };
  EXPECT_EQ(code(retry(2, inner)), "runbook.bad_place");
  EXPECT_EQ(code(phase("Q", kOnB, inner)), "runbook.bad_place");
  EXPECT_EQ(code([&](Gate& gate) -> Result<> {
              (void)gate.begin_step("a step", {});
              return inner(gate);
            }),
            "runbook.bad_place");
  EXPECT_EQ(code(one_after_the_other({inner, inner})), "runbook.bad_argument");
}

TEST(PhaseTest, APhaseAtItsBorderHoldsNoOtherPhaseEither) {
  Scene scene;
  const Script script = one_after_the_other(
      {in_order({add_entry("one")}),
       phase("Outer", kOnB, one_after_the_other({copies(), phase("Inner", kOnB, copies())}))});
  const auto plan = scene.plan(script);
  ASSERT_TRUE(plan) << plan.error().message;
  const auto report = scene.execute(*plan, script);
  EXPECT_EQ(report.error->code, "runbook.bad_place");
  EXPECT_EQ(report.ending, Ending::kUndone);
}

// Everything before the border that is told again in a way of its own.
Script run_with_everything_before() {
  const auto when_fresh = [](Gate& gate) -> Result<> {
    auto added = call(gate, "a", "add", Value::object({{"name", "fresh"}}));
    if (!added) return fail(added.error());
    auto holds = gate.begin_when(later_value(added->call, "fresh", "boolean"), {});
    if (!holds) return fail(holds.error());
    if (!*holds) return {};
    auto inner = in_order({add_entry("was-fresh")})(gate);
    gate.end_when();
    return inner;
  };
  const auto way_back = [](Gate& gate) {
    return run_part(gate, PartKind::kOnRollback, Value::object(),
                    in_order({add_entry("on-the-way-back", "b")}));
  };
  const auto another_way = [](Gate& gate) {
    return run_part(gate, PartKind::kAttempt,
                    Value::object({{"codes", *Value::parse(R"(["ledger.broken"])")}}),
                    in_order({add_entry("tried"), add_entry("impossible", "a", "before")}),
                    {{"ledger.broken", in_order({add_entry("other")})}});
  };
  return one_after_the_other({way_back, when_fresh, retry(3, in_order({add_entry("retried")})),
                              another_way, phase("Copy", kOnB, copies()),
                              in_order({expect_entry("other")})});
}

TEST(PhaseTest, EveryWordBeforeItIsToldAgain) {
  Scene scene;
  scene.put("a/weather", "add retried before 2\n");
  const auto report = scene.run(run_with_everything_before());
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(scene.names("b").size(), 6u);  // five copies, and `calls`
  EXPECT_EQ(scene.slept().size(), 2u);
}

TEST(PhaseTest, KilledAfterAnyRecordItIsGoneOnWith) {
  std::size_t records = 0;
  for (std::size_t kept = 1; records == 0 || kept < records; ++kept) {
    Scene scene;
    scene.put("a/weather", "add retried before 2\n");
    const auto plan = scene.plan(run_with_everything_before());
    ASSERT_TRUE(plan);
    scene.execute(*plan, run_with_everything_before());
    if (records == 0) records = scene.records().size() - 1;  // but for the end
    scene.cut_journal(kept);
    const auto report = scene.resume(*plan, run_with_everything_before());
    EXPECT_EQ(report.ending, Ending::kDone)
        << kept << ": " << (report.error ? report.error->message : "");
    EXPECT_EQ(scene.names("b").size(), 6u) << kept;
  }
  EXPECT_GT(records, 30u);
}

TEST(PhaseTest, IsTakenBackWithTheRest) {
  Scene scene;
  const auto plan = scene.plan(run_with_everything_before());
  scene.execute(*plan, run_with_everything_before());
  scene.cut_journal(scene.records().size() - 2);
  const auto report = scene.roll_back(*plan);
  EXPECT_EQ(report.ending, Ending::kUndone) << report.rollback_error->message;
  EXPECT_THAT(scene.names("a"), ElementsAre("calls"));
  EXPECT_THAT(scene.names("b"), ElementsAre("calls", "on-the-way-back"));
}

TEST(PhaseTest, AValueFromBeforeItIsKnownToItsPlan) {
  Scene scene;
  const Script script = [](Gate& gate) -> Result<> {
    auto first = call(gate, "a", "add", Value::object({{"name", "one"}}));
    if (!first) return fail(first.error());
    return phase("P", kOnB, [&](Gate& inner) -> Result<> {
      if (auto count = count_of(inner, "a"); !count) return fail(count.error());
      auto added = call(inner, "b", "add",
                        Value::object({{"name", later_value(first->call, "name", "string")}}));
      return added ? Result<>() : fail(added.error());
    })(gate);
  };
  std::string words;
  scene.judge_phases([&](const Plan& phase) -> Result<> {
    words = phase.calls().at(0)->effects.at(0);
    return {};
  });
  const auto report = scene.run(script);
  EXPECT_EQ(report.ending, Ending::kDone) << report.error->message;
  EXPECT_EQ(words, "add the entry one");
  EXPECT_EQ(scene.get("b/calls"), "add one\n");
}

TEST(PhaseTest, AResultOfAnOutlineCannotBeUsedBehindIt) {
  Scene scene;
  std::string leaked;
  const auto plan = scene.plan([&](Gate& gate) -> Result<> {
    if (auto ended = in_order({add_entry("one")})(gate); !ended) return ended;
    auto ended = phase("P", kOnB, [&](Gate& inner) -> Result<> {
      auto added = call(inner, "b", "add", Value::object({{"name", "x"}}));
      leaked = added->call;
      const auto count = count_of(inner, "a");
      return count ? Result<>() : fail(count.error());
    })(gate);
    if (!ended) return ended;
    auto added =
        call(gate, "b", "add", Value::object({{"name", later_value(leaked, "name", "string")}}));
    return added ? Result<>() : fail(added.error());
  });
  ASSERT_FALSE(plan);
  EXPECT_THAT(plan.error().message, HasSubstr("may not"));
}

}  // namespace
}  // namespace snapcore
