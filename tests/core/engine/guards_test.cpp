#include "engine/guards.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/planner.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using State = Concern::State;

struct GuardsTest : testing::Test {
  Policy policy;
  std::vector<Waiver> waivers;
  std::vector<Concern> concerns;
  Guards guards{policy, waivers, concerns};

  static PlannedRestore restore(std::optional<std::int64_t> age_seconds) {
    PlannedRestore planned;
    planned.target = "notes";
    planned.artifact = Value::object({{"ref", "a.note"}});
    planned.age_seconds = age_seconds;
    return planned;
  }
  static Plan needing(std::vector<SpaceNeed> needs) {
    Plan plan;
    plan.phases.push_back({});
    for (SpaceNeed& need : needs) {
      PlannedCall call;
      call.instance = "notes";
      call.space.push_back(std::move(need));
      plan.phases[0].calls.push_back(std::move(call));
    }
    return plan;
  }
};

TEST_F(GuardsTest, AnArtifactWithinTheAgeLimitRaisesNothing) {
  policy.max_age = std::chrono::hours(26);
  guards.check_age(restore(26 * 3600));
  EXPECT_THAT(concerns, IsEmpty());
}

TEST_F(GuardsTest, AnOldArtifactAndOneOfUnknownAgeAreRefused) {
  policy.max_age = std::chrono::hours(26);
  guards.check_age(restore(26 * 3600 + 1));
  guards.check_age(restore(std::nullopt));
  ASSERT_THAT(concerns, SizeIs(2));
  EXPECT_EQ(concerns[0].state, State::kRefused);
  EXPECT_THAT(concerns[0].message, HasSubstr("a.note"));
  EXPECT_THAT(concerns[1].message, HasSubstr("not known"));
}

TEST_F(GuardsTest, AnArtifactFromTheFutureHasNoKnownAge) {
  policy.max_age = std::chrono::hours(26);
  guards.check_age(restore(-60));  // clocks differ
  EXPECT_THAT(concerns, IsEmpty());
  guards.check_age(restore(-86400 * 30));
  ASSERT_THAT(concerns, SizeIs(1));
  EXPECT_EQ(concerns[0].guard, "age");
  EXPECT_EQ(concerns[0].state, State::kRefused);
  EXPECT_THAT(concerns[0].message, HasSubstr("a.note has a time 30 d 0 h in the future"));
}

TEST_F(GuardsTest, WithoutALimitAgeDoesNotMatter) {
  guards.check_age(restore(std::nullopt));
  EXPECT_THAT(concerns, IsEmpty());
}

TEST_F(GuardsTest, AWaiverTurnsARefusalIntoALineWithItsReason) {
  waivers.push_back({"healthy", "the data is wrong"});
  PlannedRestore planned = restore(1);
  planned.healthy_before = true;
  guards.check_healthy(planned);
  ASSERT_THAT(concerns, SizeIs(1));
  EXPECT_EQ(concerns[0].state, State::kWaived);
  EXPECT_EQ(concerns[0].reason, "the data is wrong");
}

TEST_F(GuardsTest, IdentitiesAreNamedInWords) {
  const auto peers = [](Value::Array urls) { return Value::object({{"peers", std::move(urls)}}); };
  guards.check_identity("notes", peers({"a", "b"}), peers({"a"}), {});
  ASSERT_THAT(concerns, SizeIs(1));
  EXPECT_EQ(concerns[0].message, "the artifact belongs to peers a, b, and notes is peers a");
}

TEST_F(GuardsTest, EverythingThatRefusesIsNamedWithWhatWouldLetItPass) {
  policy.max_age = std::chrono::hours(26);
  Plan plan;
  EXPECT_TRUE(check_promises(plan));
  guards.check_identity("notes", "a", "b", {});
  plan.concerns = concerns;
  EXPECT_EQ(check_promises(plan).error().hint,
            "nothing was changed. To go on all the same: --waive identity=REASON");
  guards.check_age(restore(std::nullopt));
  plan.concerns = concerns;
  const Error refused = check_promises(plan).error();
  EXPECT_EQ(refused.code, "guard.identity");
  EXPECT_THAT(refused.message, HasSubstr("\nrefused as well: the age of a.note is not known"));
  EXPECT_THAT(refused.message, HasSubstr("[guard.age]"));
  EXPECT_EQ(refused.hint,
            "nothing was changed. To go on all the same: --waive identity=REASON --waive "
            "age=REASON");
}

TEST_F(GuardsTest, TheSameIdentityPassesAndAnotherIsRefused) {
  guards.check_identity("notes", "a", "a", {});
  EXPECT_THAT(concerns, IsEmpty());
  guards.check_identity("notes", "a", "b", {});
  ASSERT_THAT(concerns, SizeIs(1));
  EXPECT_EQ(concerns[0].state, State::kRefused);
}

TEST_F(GuardsTest, UnknownIsNotAMatch) {
  const std::pair<Policy::UnknownIdentity, State> expected[] = {
      {Policy::UnknownIdentity::kAsk, State::kAsk},
      {Policy::UnknownIdentity::kRefuse, State::kRefused},
      {Policy::UnknownIdentity::kWarn, State::kWarned},
  };
  for (const auto& [rule, state] : expected) {
    for (const bool artifact_unknown : {true, false}) {
      concerns.clear();
      policy.unknown_identity = rule;
      guards.check_identity("notes", artifact_unknown ? Value() : Value("a"),
                            artifact_unknown ? Value("a") : Value(), {"it has four members"});
      ASSERT_THAT(concerns, SizeIs(1));
      EXPECT_EQ(concerns[0].state, state);
      EXPECT_THAT(concerns[0].message, HasSubstr("identity not recorded"));
      EXPECT_THAT(concerns[0].message, HasSubstr("it has four members"));
    }
  }
}

TEST_F(GuardsTest, NeedsOfOnePlaceAddUpAndTheMarginCounts) {
  guards.check_space(needing({{"/a", 50, 120}, {"/a", 50, 120}, {"/b", 10, 1000}}));
  EXPECT_THAT(concerns, IsEmpty());
  guards.check_space(needing({{"/a", 51, 121}, {"/a", 50, 121}}));
  ASSERT_THAT(concerns, SizeIs(1));
  EXPECT_EQ(concerns[0].guard, "space");
  EXPECT_THAT(concerns[0].message, HasSubstr("/a"));
}

TEST_F(GuardsTest, OnlyKnownAllowedAndReasonedWaiversAreTaken) {
  EXPECT_EQ(check_waivers({{"luck", "x"}}, policy).error().code, "guard.unknown_waiver");
  for (const char* reason : {"", " ", " \t\n"})
    EXPECT_EQ(check_waivers({{"age", reason}}, policy).error().code, "guard.waiver_without_reason");
  EXPECT_TRUE(check_waivers({{"age", "x"}}, policy));
  policy.waivers = std::vector<std::string>{"space"};
  EXPECT_EQ(check_waivers({{"age", "x"}}, policy).error().code, "guard.waiver_not_allowed");
  EXPECT_TRUE(check_waivers({{"space", "x"}}, policy));
}

}  // namespace
}  // namespace snapcore
