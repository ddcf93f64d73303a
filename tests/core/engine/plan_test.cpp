#include "engine/plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <snapcore/support/digest.hpp>

namespace snapcore {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

CodeFile code(std::string name, std::string text) {
  const std::string digest = sha256_hex(text);
  return {std::move(name), "/books/book.lua", digest, std::move(text)};
}

Plan example() {
  Plan plan;
  plan.id = "0b5e5ad0-0000-4000-8000-000000000001";
  plan.summary = "Brings the notes back";
  plan.params = Value::object({{"before", "2026-01-01T00:00:00Z"}});
  plan.made = *parse_time("2026-01-02T03:04:05Z");
  PlannedCall stage;
  stage.id = "root#1.stage";
  stage.step = "Restore notes";
  stage.line = {"book.lua", 7};
  stage.instance = "notes";
  stage.operation = "stage";
  stage.effect = Effect::kChange;
  stage.args = Value::object({{"from", Value::object({{"ref", "a.note"}, {"sha256", "aa"}})}});
  stage.predicted = Value::object();
  stage.undo = {UndoRule::Kind::kCompensate, ""};
  stage.effects = {"writes 12 bytes beside it"};
  stage.space = {{"/srv", 12, 9000}};
  stage.bytes = 12;
  stage.result_schema = Value::object({{"type", "object"}});
  PlannedCall activate = stage;
  activate.id = "root#1.activate";
  activate.operation = "activate";
  activate.args = Value::object({{"staged", later_value("root#1.stage", "handle", "object")}});
  plan.phases.push_back({"", {stage, activate}});
  PlannedRestore restore;
  restore.id = "root#1";
  restore.target = "notes";
  restore.artifact =
      Value::object({{"source", "store"}, {"ref", "a.note"}, {"sha256", "aa"}, {"size", 12}});
  restore.digest_from = "computed while planning";
  restore.age_seconds = 3600;
  restore.examined = true;
  restore.target_identity = "notes-1";
  plan.restores.push_back(restore);
  plan.choices.push_back({"root?1", "store", "latest", Value::object(), restore.artifact});
  plan.steps.push_back({"root/step[1]", "Restore notes", {1, 2, {{"retry", 3}}}});
  plan.concerns.push_back({Concern::State::kWaived, "age", "notes", "too old", "tested by hand"});
  plan.code.push_back(code("book.lua", "runbook {}"));
  plan.site_path = "/etc/site.lua";
  plan.site_digest = "5173";
  plan.plugins.push_back({"plain", "1.0.0", "/lib/plain.so", "beef"});
  return plan;
}

TEST(PlanTest, APlanReadsBackAsItWasWritten) {
  const Plan plan = example();
  const auto read = plan_from(to_value(plan));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_value(*read), to_value(plan));
  ASSERT_NE(read->step("root/step[1]"), nullptr);
  EXPECT_EQ(read->step("root/step[1]")->end.inner.at("retry"), 3u);
  EXPECT_EQ(read->digest(), plan.digest());
}

TEST(PlanTest, WhateverChangesTheMeaningChangesTheDigest) {
  const std::vector<std::pair<const char*, std::function<void(Plan&)>>> changes = {
      {"an argument", [](Plan& p) { p.phases[0].calls[0].args["from"]["ref"] = "b.note"; }},
      {"an operation", [](Plan& p) { p.phases[0].calls[0].operation = "discard"; }},
      {"an instance", [](Plan& p) { p.phases[0].calls[0].instance = "other"; }},
      {"an effect", [](Plan& p) { p.phases[0].calls[0].effect = Effect::kDestroy; }},
      {"an undo",
       [](Plan& p) {
         p.phases[0].calls[0].undo = {UndoRule::Kind::kNone, "gone"};
       }},
      {"a condition",
       [](Plan& p) { p.phases[0].calls[1].condition = later_value("root#1", "x", "boolean"); }},
      {"a nested call",
       [](Plan& p) {
         p.phases[0].calls[0].nested.push_back({"l", "i", "o", Value()});
       }},
      {"the number of calls", [](Plan& p) { p.phases[0].calls.pop_back(); }},
      {"the order of calls",
       [](Plan& p) { std::swap(p.phases[0].calls[0], p.phases[0].calls[1]); }},
      {"the name of a phase", [](Plan& p) { p.phases[0].name = "first"; }},
      {"the bytes restored", [](Plan& p) { p.restores[0].artifact["sha256"] = "bb"; }},
      {"the source", [](Plan& p) { p.restores[0].artifact["source"] = "elsewhere"; }},
      {"a waiver", [](Plan& p) { p.concerns[0].reason = "another"; }},
      {"a question", [](Plan& p) { p.concerns[0].state = Concern::State::kAsk; }},
      {"an accepted loss", [](Plan& p) { p.accepted_losses.push_back("notes"); }},
      {"the runbook", [](Plan& p) { p.code[0] = code("book.lua", "runbook { }"); }},
      {"the site", [](Plan& p) { p.site_digest = "5174"; }},
      {"a plugin", [](Plan& p) { p.plugins[0].sha256 = "cafe"; }},
      {"a parameter", [](Plan& p) { p.params["before"] = "2026-01-01T00:00:01Z"; }},
  };
  for (const auto& [what, change] : changes) {
    Plan plan = example();
    change(plan);
    EXPECT_NE(plan.digest(), example().digest()) << what;
    EXPECT_THAT(differences(example(), plan), testing::Not(IsEmpty())) << what;
  }
}

TEST(PlanTest, WordsStepsAgesTimesAndFreeSpaceDoNotChangeTheDigest) {
  Plan plan = example();
  plan.id = "another";
  plan.made += std::chrono::hours(1);
  plan.summary = "other words";
  plan.steps.clear();
  plan.phases[0].calls[0].effects = {"says it differently"};
  plan.phases[0].calls[0].space[0].free = 1;
  plan.phases[0].calls[0].line = {"moved.lua", 99};
  plan.restores[0].age_seconds = 7200;
  plan.concerns[0].message = "still too old";
  plan.concerns.push_back({Concern::State::kWarned, "identity", "notes", "not recorded", ""});
  EXPECT_EQ(plan.digest(), example().digest());
  EXPECT_THAT(differences(example(), plan), IsEmpty());
}

TEST(PlanTest, AnEditedPlanIsRefused) {
  Value file = to_value(example());
  file["accepted_losses"].push_back("notes");
  const auto read = plan_from(file);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, "plan.invalid");
  EXPECT_THAT(read.error().message, HasSubstr("edited"));
}

TEST(PlanTest, ARunbookEditedInsideThePlanIsRefused) {
  Plan plan = example();
  plan.code[0].text = "runbook { evil = true }";
  EXPECT_EQ(plan_from(to_value(plan)).error().code, "plan.invalid");
}

TEST(PlanTest, WhatIsNoPlanOfThisVersionIsRefused) {
  for (const char* text :
       {"{}", "[]", "null", R"({"format":"snapcore-plan","version":2})", R"({"format":"x"})"}) {
    const auto read = plan_from(*Value::parse(text));
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, "plan.invalid");
  }
}

TEST(PlanTest, ADifferenceNamesBothSides) {
  Plan now = example();
  now.phases[0].calls[0].args["from"]["ref"] = "b.note";
  const auto lines = differences(example(), now);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(
      lines[0],
      R"(call root#1.stage, notes.stage, from.ref: approved plan "a.note", this run "b.note")");
}

TEST(PlanTest, ACallThatCameOrWentOrIsAnotherOneIsShownAsADeviationShowsIt) {
  Plan now = example();
  PlannedCall added = now.phases[0].calls[0];
  added.id = "root#2";
  added.instance = "book";
  added.operation = "add";
  added.args = Value::object({{"name", "x"}});
  now.phases[0].calls.push_back(added);
  const std::string call = R"(book.add {"name":"x"})";
  EXPECT_THAT(differences(example(), now),
              testing::ElementsAre("call root#2: approved plan no call, this run " + call));
  EXPECT_THAT(differences(now, example()),
              testing::ElementsAre("call root#2: approved plan " + call + ", this run no call"));
  Plan other = now;
  other.phases[0].calls.back().operation = "ring";
  EXPECT_THAT(differences(now, other),
              testing::ElementsAre("call root#2: approved plan " + call +
                                   R"(, this run book.ring {"name":"x"})"));
  other = now;
  std::swap(other.phases[0].calls[0], other.phases[0].calls.back());
  const auto moved = differences(now, other);
  ASSERT_EQ(moved.size(), 1u);
  EXPECT_THAT(moved[0], HasSubstr("order of the calls: approved plan "));
}

TEST(PlanTest, WhatIsNoCallIsShownWithoutBraces) {
  Plan now = example();
  now.restores.clear();
  for (const std::string& line : differences(example(), now))
    EXPECT_EQ(line.find_first_of("{}"), std::string::npos) << line;
}

TEST(PlanTest, ADestroyAndAnActWithoutUndoArePointsOfNoReturn) {
  PlannedCall call;
  call.effect = Effect::kDestroy;
  call.undo = {UndoRule::Kind::kCompensate, ""};
  EXPECT_TRUE(call.is_point_of_no_return());
  call.effect = Effect::kChange;
  EXPECT_FALSE(call.is_point_of_no_return());
  call.undo = {UndoRule::Kind::kNone, "no way back"};
  EXPECT_TRUE(call.is_point_of_no_return());
  call.effect = Effect::kVerify;
  EXPECT_FALSE(call.is_point_of_no_return());
}

}  // namespace
}  // namespace snapcore
