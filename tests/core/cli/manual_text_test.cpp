#include "cli/text/manual_text.hpp"

#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>

#include "example_plan.hpp"
#include "fakes/scratch.hpp"
#include "golden.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;
using testing::Not;

Plan plan_with_commands() {
  Plan plan = example_plan();
  plan.restores.front().artifact["path"] = "/srv/back ups/kv-2026-03-01.snap";
  auto& calls = plan.phases.front().calls;
  calls[0].shell = {"kvctl load \"$artifact\" /var/lib/kv/data.new"};
  calls[1].shell = {"systemctl stop kv",
                    "mv -T -- /var/lib/kv/data /var/lib/kv/data.backup-\"$stamp\"",
                    "mv -T -- /var/lib/kv/data.new /var/lib/kv/data", "systemctl start kv"};
  calls[2].shell = {"kvctl health"};
  return plan;
}

// The exit code of a program that reads the script, and what it said.
std::pair<int, std::string> read_by(const std::string& program, const std::string& script) {
  const fakes::Scratch scratch;
  const auto path = scratch.path() / "by-hand.sh";
  std::ofstream(path) << script;
  std::string said;
  FILE* pipe = popen((program + " '" + path.string() + "' 2>&1").c_str(), "r");
  for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) said += static_cast<char>(c);
  return {pclose(pipe), said};
}

void expect_sound(const std::string& script) {
  const auto [exit, said] = read_by("bash -n", script);
  EXPECT_EQ(exit, 0) << said << script;
  if (read_by("command -v shellcheck #", script).first != 0) GTEST_SKIP() << "no shellcheck here";
  const auto [objections, words] = read_by("shellcheck", script);
  EXPECT_EQ(objections, 0) << words << script;
}

TEST(ManualTextTest, WhereNobodyKnowsTheCommandsYetTheScriptWaits) {
  const std::string script = manual_text(plan_with_an_outline());
  expect_golden("manual_outline", script);
  expect_sound(script);
}

TEST(ManualTextTest, ARestoreAsAScript) {
  const std::string script = manual_text(plan_with_commands());
  expect_golden("manual_restore", script);
  expect_sound(script);
}

TEST(ManualTextTest, AnActWithoutCommandsWaitsForAPerson) {
  const std::string script = manual_text(plan_with_no_way_back());
  expect_golden("manual_without_commands", script);
  expect_sound(script);
}

TEST(ManualTextTest, AnArtifactThatIsNotHereIsAnArgumentOfTheScript) {
  Plan plan = plan_with_commands();
  plan.restores.front().artifact.erase("path");
  const std::string script = manual_text(plan);
  EXPECT_THAT(script, HasSubstr("artifact=${1:?"));
  expect_sound(script);
}

TEST(ManualTextTest, WhatStandsUnderAConditionIsAComment) {
  Plan plan = plan_with_commands();
  for (PlannedCall& call : plan.phases.front().calls)
    call.condition = later_value("root#9", "changed", "boolean");
  const std::string script = manual_text(plan);
  EXPECT_THAT(script, HasSubstr("# systemctl stop kv\n"));
  EXPECT_THAT(script, Not(HasSubstr("\nsystemctl")));
  EXPECT_THAT(script, Not(HasSubstr("stamp=")));
  expect_sound(script);
}

TEST(ManualTextTest, NothingFromOutsideLeavesItsComment) {
  Plan plan = plan_with_commands();
  plan.summary = "a\nrm -rf /\x1b[2J";
  plan.restores.front().artifact["ref"] = "x\nrm -rf /";
  plan.restores.front().artifact["path"] = "/srv/x\nrm -rf /";
  auto& calls = plan.phases.front().calls;
  calls[0].step = "b\nrm -rf /";
  calls[0].effects = {"c\nrm -rf /"};
  calls[1].shell = {"echo \x1b]0;title\x07"};
  const std::string script = manual_text(plan);
  EXPECT_THAT(script, Not(HasSubstr("\nrm")));
  EXPECT_THAT(script, Not(HasSubstr("\x1b")));
  EXPECT_THAT(script, HasSubstr("\nfalse\n"));
  expect_sound(script);
}

TEST(ManualTextTest, ItIsTheSamePlanByItsDigest) {
  Plan plan = example_plan();
  EXPECT_EQ(plan_with_commands().digest(), plan.digest());
  EXPECT_THAT(manual_text(plan), HasSubstr(plan.digest()));
}

TEST(ManualTextTest, CommandsSurviveTheFileOfAPlan) {
  Plan plan = plan_with_commands();
  plan.code.clear();
  const auto again = plan_from(to_value(plan));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->calls()[1]->shell, plan.calls()[1]->shell);
  EXPECT_EQ(manual_text(*again), manual_text(plan));
}

}  // namespace
}  // namespace snapcore
