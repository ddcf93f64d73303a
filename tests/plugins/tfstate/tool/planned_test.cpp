// What the tool says of its plan, as it says it and as it never should.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tool/messages.hpp>
#include <tool/planned.hpp>
#include <tool/saved_plan.hpp>
#include <vector>

namespace tfstate {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Told {
  Result<PlannedTotals> totals;
  std::vector<std::string> changes;
};

Told told(const std::string& text) {
  std::vector<std::string> changes;
  JsonReader reader{std::string_view(text)};
  auto totals = read_planned(reader, [&](const PlannedChange& change) -> Result<> {
    changes.push_back(change.actions + " " + change.address);
    return {};
  });
  return {std::move(totals), std::move(changes)};
}

std::string change(const std::string& address, const std::string& actions,
                   const std::string& more = "", const std::string& after = "null") {
  return R"({"address":")" + address + R"(","mode":"managed",)" + more +
         R"("change":{"actions":[)" + actions + R"(],"before":{"key":"CANARY"},"after":)" + after +
         "}}";
}
std::string plan(const std::string& changes, const std::string& more = "") {
  return R"({"format_version":"1.2","planned_values":{},)" + more + R"("resource_changes":[)" +
         changes + "]}";
}

TEST(PlannedTest, TellsWhatBecomesOfEachObject) {
  const Told found =
      told(plan(change("a.a", R"("create")") + "," + change("a.b", R"("update")") + "," +
                change("a.c", R"("delete","create")") + "," +
                change("a.d", R"("create","delete")") + "," + change("a.e", R"("delete")") + "," +
                change("a.f", R"("forget")") + "," + change("a.g", R"("no-op")")));
  ASSERT_TRUE(found.totals) << found.totals.error().message;
  EXPECT_EQ(found.totals->creates, 1u);
  EXPECT_EQ(found.totals->updates, 1u);
  EXPECT_EQ(found.totals->replaces, 2u);
  EXPECT_EQ(found.totals->destroys, 1u);
  EXPECT_EQ(found.totals->forgets, 1u);
  EXPECT_EQ(found.totals->all(), 6u);
  EXPECT_THAT(found.changes, ElementsAre("create a.a", "update a.b", "delete, create a.c",
                                         "create, delete a.d", "delete a.e", "forget a.f"));
}

TEST(PlannedTest, ADeposedObjectIsNamedAsOne) {
  const Told found = told(plan(change("a.a", R"("delete")", R"("deposed":"0a1b2c3d",)")));
  EXPECT_THAT(found.changes, ElementsAre("delete a.a (deposed 0a1b2c3d)"));
}

TEST(PlannedTest, WhatIsOnlyReadIsNoChange) {
  const Told found =
      told(plan(R"({"address":"data.a.a","mode":"data","change":{"actions":["delete"]}},)" +
                change("a.b", R"("read")")));
  ASSERT_TRUE(found.totals);
  EXPECT_EQ(found.totals->all(), 0u);
}

TEST(PlannedTest, AnActionThatNobodyKnowsIsCountedApart) {
  const Told found = told(plan(change("a.a", R"("explode")") + "," + change("a.b", "")));
  ASSERT_TRUE(found.totals) << found.totals.error().message;
  EXPECT_EQ(found.totals->others, 2u);
}

TEST(PlannedTest, APlanWithoutChangesHasNoListOfThem) {
  const Told found = told(R"({"format_version":"1.2","planned_values":{}})");
  ASSERT_TRUE(found.totals) << found.totals.error().message;
  EXPECT_EQ(found.totals->all(), 0u);
}

TEST(PlannedTest, TheDigestKnowsValuesThatAreNeverTold) {
  const auto one = told(plan(change("a.a", R"("update")", "", R"({"size":1})")));
  const auto same = told(plan(change("a.a", R"("update")", "", R"({"size":1})"),
                              R"("timestamp":"2026-01-02T03:04:05Z",)"));
  const auto other = told(plan(change("a.a", R"("update")", "", R"({"size":2})")));
  ASSERT_TRUE(one.totals && same.totals && other.totals);
  EXPECT_EQ(one.totals->digest, same.totals->digest);
  EXPECT_NE(one.totals->digest, other.totals->digest);
}

TEST(PlannedTest, WhatIsCutOffAnywhereIsRefused) {
  const std::string whole = plan(change("a.a", R"("create")"));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Told found = told(whole.substr(0, size));
    ASSERT_FALSE(found.totals) << size;
    EXPECT_EQ(found.totals.error().code, "tfstate.bad_plan") << size;
    EXPECT_THAT(found.totals.error().message, testing::Not(HasSubstr("CANARY")));
  }
}

TEST(PlannedTest, WhatIsNoPlanIsRefused) {
  for (const std::string text :
       {"{}", "[]", "null", R"({"format_version":"1.0","values":{}})",
        R"({"format_version":"2.0","planned_values":{}})",
        R"({"format_version":1,"planned_values":{}})",
        R"({"format_version":"1.2","planned_values":{},"errored":true})",
        R"({"format_version":"1.2","resource_changes":{}})",
        R"({"format_version":"1.2","resource_changes":[{"change":{"actions":["delete"]}}]})",
        R"({"format_version":"1.2","resource_changes":[{"address":7}]})"}) {
    const Told found = told(text);
    ASSERT_FALSE(found.totals) << text;
    EXPECT_EQ(found.totals.error().code, "tfstate.bad_plan") << text;
  }
}

TEST(PlannedTest, HugeNamesAndEndlessActionsAreRefused) {
  EXPECT_FALSE(told(plan(change(std::string(1 << 20, 'a'), R"("create")"))).totals);
  std::string actions = R"("create")";
  for (int i = 0; i < 1000; ++i) actions += R"(,"create")";
  EXPECT_FALSE(told(plan(change("a.a", actions))).totals);
}

TEST(PlannedTest, WhoeverIsToldCanStopIt) {
  const std::string text = plan(change("a.a", R"("create")"));
  JsonReader reader{std::string_view(text)};
  const auto totals = read_planned(reader, [](const PlannedChange&) -> Result<> {
    return snapcore::fail({.code = "test.enough", .message = "enough"});
  });
  ASSERT_FALSE(totals);
  EXPECT_EQ(totals.error().code, "test.enough");
}

TEST(PlannedTest, AnAddressIsWithinAnotherOnlyAsAPartOfIt) {
  const std::vector<std::string> allowed = {"module.a", "x.y"};
  EXPECT_TRUE(is_within("module.a.x.y[0]", allowed));
  EXPECT_TRUE(is_within("x.y", allowed));
  EXPECT_TRUE(is_within("x.y[\"k\"]", allowed));
  EXPECT_TRUE(is_within("x.y (deposed 0a1b2c3d)", allowed));
  EXPECT_FALSE(is_within("x.yz", allowed));
  EXPECT_FALSE(is_within("module.ab.x.y", allowed));
  EXPECT_TRUE(is_within("anything", {}));
}

// --- errors

TEST(MessagesTest, TheFirstErrorOfManyLinesIsToldWithoutItsValues) {
  const std::string lines =
      R"({"@level":"info","@message":"OpenTofu 1.12.6","type":"version"})"
      "\nnoise that is no JSON\n{\"@level\":\"err\n"
      R"({"@level":"error","@message":"Error: Bad","diagnostic":{"severity":"error","summary":"Bad","detail":"It is\n  bad.","snippet":{"values":[{"traversal":"var.x","statement":"is \"CANARY\""}]}},"type":"diagnostic"})"
      "\n"
      R"({"@level":"error","diagnostic":{"severity":"error","summary":"Worse"}})";
  EXPECT_EQ(first_error(lines), "Bad: It is bad.");
}

TEST(MessagesTest, WarningsAndStrangersAreNoErrors) {
  EXPECT_EQ(first_error(R"({"@level":"warn","diagnostic":{"severity":"warning","summary":"x"}})"),
            std::nullopt);
  for (const char* line : {"", "{", "{}", "[]", "{\"diagnostic\":7}", "{\"diagnostic\":[{}]}",
                           "{\"@level\":{}}", "null"}) {
    EXPECT_EQ(first_error(line), std::nullopt) << line;
  }
}

TEST(MessagesTest, ALongErrorIsCutBetweenCharacters) {
  std::string detail;
  for (int i = 0; i < 5000; ++i) detail += "\xc3\xa4";
  const auto error = error_in_line(R"({"diagnostic":{"severity":"error","summary":"x","detail":")" +
                                   detail + "\"}}");
  ASSERT_TRUE(error);
  EXPECT_LT(error->size(), 500u);
  EXPECT_TRUE(error->ends_with("\xc3\xa4..."));
}

TEST(MessagesTest, AnErrorDrawnForPeopleIsReadWithoutItsFrame) {
  EXPECT_EQ(error_in_text("Initializing...\n\n"
                          "\xe2\x95\xb7\n\xe2\x94\x82 Error: Failed to query\n\xe2\x94\x82 \n"
                          "\xe2\x94\x82 Could not retrieve\n\xe2\x94\x82 the list.\n"
                          "\xe2\x94\x82 \n\xe2\x94\x82 More.\n\xe2\x95\xb5\n"),
            "Failed to query: Could not retrieve the list.");
  EXPECT_EQ(error_in_text("one\ntwo\n\n"), "two");
  EXPECT_EQ(error_in_text(""), "");
}

}  // namespace
}  // namespace tfstate
