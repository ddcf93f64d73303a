#include "cli/text/plan_text.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "example_plan.hpp"
#include "golden.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;
using testing::Not;

const PlanTextOptions kOptions = {.space_margin = 0.20,
                                  .next = {"snapcore run kv-restore.lua --approve 123456789abc"}};

TEST(PlanTextTest, HealthyTarget) {
  expect_golden("plan_healthy", plan_text(example_plan(), kOptions, {}));
}

TEST(PlanTextTest, DeadTargetOfUnknownIdentity) {
  expect_golden("plan_dead", plan_text(plan_of_a_dead_target(), kOptions, {}));
}

TEST(PlanTextTest, WaivedRefusedAndWarned) {
  expect_golden("plan_waivers", plan_text(plan_with_waivers(), kOptions, {}));
}

TEST(PlanTextTest, PointOfNoReturn) {
  expect_golden("plan_no_return", plan_text(plan_with_no_way_back(), kOptions, {}));
}

TEST(PlanTextTest, WhatMayBeMadeAgainOrAnotherWay) {
  expect_golden("plan_parts", plan_text(plan_with_parts(), kOptions, {}));
}

TEST(PlanTextTest, APhaseThatCannotBePlannedYet) {
  expect_golden("plan_outline", plan_text(plan_with_an_outline(), kOptions, {}));
}

TEST(PlanTextTest, APhaseThatIsPlannedAtItsBorder) {
  PlanTextOptions options;
  options.phase = "Fill the new store";
  expect_golden("plan_phase", plan_text(plan_of_a_dead_target(), options, {}));
}

TEST(PlanTextTest, ChecksAlone) {
  expect_golden("plan_checks", plan_text(plan_of_checks(), kOptions, {}));
}

Plan plan_with_empty_branches() {
  Plan plan = example_plan();
  plan.restores.clear();
  plan.phases.front().calls.clear();
  plan.parts.push_back({.id = "root/parallel[1]",
                        .kind = PartKind::kParallel,
                        .rule = Value::object({{"limit", 4}, {"branches", 4}})});
  PlannedCall call = example_call("root/parallel[1]/branch[2]#1", "close_gate", Effect::kChange);
  plan.phases.front().calls = {call};
  call.id = "root#1";
  plan.phases.front().calls.push_back(call);
  return plan;
}

TEST(PlanTextTest, ABranchThatHoldsNothingIsSaid) {
  const std::string text = plan_text(plan_with_empty_branches(), kOptions, {});
  std::size_t at = 0;
  for (const char* words :
       {"At the same time, 4 branches:", "Branch 1: nothing is changed or checked\n", "Branch 2:\n",
        "act 1", "Branch 3: nothing is changed or checked\n",
        "Branch 4: nothing is changed or checked\n", "act 2"}) {
    at = text.find(words, at);
    ASSERT_NE(at, std::string::npos) << words << "\n" << text;
  }
}

TEST(PlanTextTest, WithContinueItSaysWhatIsNotLeftBehind) {
  const PlanTextOptions goes_on{.on_failure = OnFailure::kContinue};
  const std::string wholly = plan_text(example_plan(), goes_on, {.width = 400});
  EXPECT_THAT(wholly, HasSubstr("What fails outside of steps ends the run"));
  Plan plan = plan_with_parts();
  for (PlannedPart& part : plan.parts) part.step.clear();
  EXPECT_THAT(plan_text(plan, goes_on, {.width = 400}),
              HasSubstr("or in a step inside of a retry or an attempt, ends the run"));
}

TEST(PlanTextTest, NoLineIsWiderThanThePageUnlessItIsOneWord) {
  for (const Plan& plan : {example_plan(), plan_of_a_dead_target(), plan_with_waivers(),
                           plan_with_no_way_back(), plan_with_parts(), plan_with_an_outline()}) {
    std::istringstream lines(plan_text(plan, {}, {}));
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(line.size(), 100u) << line;
      EXPECT_TRUE(line.empty() || line.back() != ' ') << "'" << line << "'";
    }
  }
}

TEST(PlanTextTest, NothingFromOutsideReachesTheTerminalAsAnEscapeSequence) {
  Plan plan = example_plan();
  plan.summary = "a\x1b[2Jb\nc";
  plan.restores.front().artifact["ref"] = "x\x1b]0;title\x07";
  plan.restores.front().evidence = {"\xc3\xa4\xff"};
  plan.phases.front().calls.front().effects = {"wipe\rout"};
  const std::string plain = plan_text(plan, {}, {});
  for (const char c : plain) {
    EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << static_cast<int>(c);
  }
  EXPECT_THAT(plan_text(plan, {}, {.utf8 = true}), HasSubstr("\xc3\xa4"));
  EXPECT_THAT(plan_text(plan, {}, {.colour = true}), Not(HasSubstr("\x1b]0;")));
}

TEST(PlanTextTest, ColourChangesNoWord) {
  std::string without;
  bool escape = false;
  for (const char c : plan_text(plan_with_no_way_back(), kOptions, {.colour = true})) {
    if (c == '\x1b') escape = true;
    if (!escape) without += c;
    if (c == 'm') escape = false;
  }
  EXPECT_EQ(without, plan_text(plan_with_no_way_back(), kOptions, {}));
}

}  // namespace
}  // namespace snapcore
