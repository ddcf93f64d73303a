#include "cli/plan_file.hpp"

#include <gmock/gmock.h>

#include <snapcore/support/digest.hpp>

#include "example_plan.hpp"
#include "fakes/fake_file_system.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;

SavedPlan example() {
  SavedPlan saved{.plan = example_plan(),
                  .params = {{"before", "2026-01-02T03:04:05Z"}},
                  .waivers = {{"age", "the only one"}}};
  for (CodeFile& file : saved.plan.code) {
    file.text = "-- " + file.name + "\n";
    file.sha256 = sha256_hex(file.text);
  }
  return saved;
}

TEST(PlanFileTest, WhatWasSavedIsRead) {
  FakeFileSystem fs;
  ASSERT_TRUE(fs.make_directory("d"));
  const SavedPlan saved = example();
  ASSERT_TRUE(write_plan_file(fs, "d/friday.plan", saved));
  const auto read = read_plan_file(fs, "d/friday.plan");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->plan.digest(), saved.plan.digest());
  EXPECT_EQ(read->plan.id, saved.plan.id);
  EXPECT_EQ(read->params, saved.params);
  ASSERT_EQ(read->waivers.size(), 1u);
  EXPECT_EQ(read->waivers.front().reason, "the only one");
  EXPECT_TRUE(differences(saved.plan, read->plan).empty());
}

TEST(PlanFileTest, ItHasOneDigestThatToolsFind) {
  const std::string text = plan_json(example());
  const std::string line = "\"digest\": \"" + example().plan.digest() + "\"";
  EXPECT_THAT(text, HasSubstr(line));
  EXPECT_EQ(text.find("\"digest\":", text.find(line) + 1), std::string::npos);
}

TEST(PlanFileTest, APlanTornAnywhereIsRefused) {
  const std::string whole = plan_json(example());
  for (std::size_t length = 0; length + 1 < whole.size(); length += 7) {
    FakeFileSystem fs;
    ASSERT_TRUE(fs.make_directory("d"));
    ASSERT_TRUE(create_file(fs, "d/p", whole.substr(0, length)));
    const auto read = read_plan_file(fs, "d/p");
    ASSERT_FALSE(read) << length;
    EXPECT_THAT(read.error().code, HasSubstr("plan."));
  }
}

// The text of the example with one member edited, as `sed` would.
std::string edited(const std::string& from, const std::string& to) {
  std::string text = plan_json(example());
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("no " + from + " in " + text);
  return text.replace(at, from.size(), to);
}

TEST(PlanFileTest, AnEditOfWhatItsDigestDoesNotCoverIsRefused) {
  const Plan plan = example().plan;
  const std::string made = to_rfc3339(plan.made);
  for (const auto& [from, to] : std::vector<std::pair<std::string, std::string>>{
           {"\"id\": \"" + plan.id, "\"id\": \"another-" + plan.id},
           {"\"made\": \"" + made, "\"made\": \"2027-01-02T03:04:05Z"},
           {"the only one", "another reason"}}) {
    FakeFileSystem fs;
    ASSERT_TRUE(fs.make_directory("d"));
    ASSERT_TRUE(create_file(fs, "d/p", edited(from, to)));
    const auto read = read_plan_file(fs, "d/p");
    ASSERT_FALSE(read) << from;
    EXPECT_EQ(read.error().code, "plan.invalid");
    EXPECT_THAT(read.error().message, HasSubstr("d/p was edited after it was saved"));
  }
}

TEST(PlanFileTest, APlanInOtherWhiteSpaceAndOneOfBeforeThereWasAChecksumAreRead) {
  Value file = *Value::parse(plan_json(example()));
  ASSERT_TRUE(file.at("checksum").is_string());
  Value older = file;
  older.erase("checksum");
  for (const std::string& text : {file.dump(), older.pretty()}) {
    FakeFileSystem fs;
    ASSERT_TRUE(fs.make_directory("d"));
    ASSERT_TRUE(create_file(fs, "d/p", text));
    const auto read = read_plan_file(fs, "d/p");
    EXPECT_TRUE(read) << read.error().message;
  }
}

TEST(PlanFileTest, AMissingPlanSaysHowToMakeOne) {
  FakeFileSystem fs;
  const auto read = read_plan_file(fs, "nowhere.plan");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, "plan.unreadable");
  EXPECT_THAT(read.error().hint, HasSubstr("snapcore plan RUNBOOK -o FILE"))
      << "the name that was asked for may be that of the operator's site";
}

TEST(PlanFileTest, OnlyAnOlderPlanIsReplaced) {
  FakeFileSystem fs;
  ASSERT_TRUE(fs.make_directory("d"));
  ASSERT_TRUE(create_file(fs, "d/site.lua", "return {}"));
  ASSERT_TRUE(fs.make_directory("d/folder"));
  const SavedPlan saved = example();
  for (const char* taken : {"d/site.lua", "d/folder"}) {
    const auto written = write_plan_file(fs, taken, saved);
    ASSERT_FALSE(written) << taken;
    EXPECT_EQ(written.error().code, "plan.would_overwrite");
  }
  EXPECT_EQ(*read_file(fs, "d/site.lua", 100), "return {}");
  EXPECT_TRUE(write_plan_file(fs, "d/new.plan", saved));
  EXPECT_TRUE(write_plan_file(fs, "d/new.plan", saved));
}

}  // namespace
}  // namespace snapcore
