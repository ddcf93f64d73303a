#include "cli/approval.hpp"

#include <gmock/gmock.h>

#include "cli/exit_code.hpp"
#include "example_plan.hpp"
#include "fake_person.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ApprovalWish wish_of(std::vector<std::string> targets = {"kv_prod"}) {
  return {.targets = std::move(targets), .again = "snapcore run kv-restore.lua"};
}

TEST(ApprovalTest, AtATerminalEveryTargetIsNamed) {
  FakePerson person({"kv_prod", "old_disk"});
  const auto approval = approve(plan_with_no_way_back(), wish_of({"kv_prod", "old_disk"}), person);
  ASSERT_TRUE(approval) << approval.error().message;
  EXPECT_EQ(approval->how, "prompt");
  ASSERT_EQ(person.asked.size(), 2u);
  EXPECT_THAT(person.asked[1], HasSubstr("old_disk"));
}

TEST(ApprovalTest, AnyOtherAnswerDeclines) {
  for (const char* answer : {"", "y", "yes", "kv_pro", "kv_prod ", "KV_PROD", "other"}) {
    FakePerson person({answer});
    const auto approval = approve(example_plan(), wish_of(), person);
    ASSERT_FALSE(approval) << answer;
    EXPECT_EQ(approval.error().code, "approval.declined");
  }
  FakePerson gone({});
  EXPECT_FALSE(approve(example_plan(), wish_of(), gone));
}

TEST(ApprovalTest, CtrlCAtTheQuestionIsNoAnswerAndSaysThatNothingWasBegun) {
  FakePerson gone({});
  gone.interrupts = true;
  const auto approval = approve(example_plan(), wish_of(), gone);
  ASSERT_FALSE(approval);
  EXPECT_EQ(approval.error().code, "run.interrupted");
  EXPECT_EQ(exit_code_before_acts(approval.error()), ExitCode::kInterrupted);
  EXPECT_THAT(approval.error().message, HasSubstr("nothing was approved, and nothing was done"));
}

TEST(ApprovalTest, ActsWithoutATargetAreApprovedByYes) {
  FakePerson agrees({"yes"}), declines({"no"});
  EXPECT_TRUE(approve(example_plan(), wish_of({}), agrees));
  EXPECT_FALSE(approve(example_plan(), wish_of({}), declines));
}

TEST(ApprovalTest, APlanWithoutActsNeedsNone) {
  FakePerson nobody = FakePerson::nobody();
  const auto approval = approve(plan_of_checks(), wish_of({}), nobody);
  ASSERT_TRUE(approval);
  EXPECT_EQ(approval->how, "not_needed");
}

TEST(ApprovalTest, NobodyThereAndNothingSaidIsRefusedWithTheCommandToType) {
  FakePerson nobody = FakePerson::nobody();
  const auto approval = approve(example_plan(), wish_of(), nobody);
  ASSERT_FALSE(approval);
  EXPECT_EQ(approval.error().code, "approval.missing");
  EXPECT_THAT(approval.error().hint, HasSubstr("snapcore run kv-restore.lua --approve " +
                                               example_plan().digest().substr(0, 12)));
  EXPECT_TRUE(nobody.asked.empty());
}

TEST(ApprovalTest, YesApprovesWithoutAQuestion) {
  FakePerson nobody = FakePerson::nobody();
  ApprovalWish wish = wish_of();
  wish.yes = true;
  const auto approval = approve(example_plan(), wish, nobody);
  ASSERT_TRUE(approval);
  EXPECT_EQ(approval->how, "yes");
}

TEST(ApprovalTest, YesDoesNotConfirmAnUnknownIdentity) {
  FakePerson nobody = FakePerson::nobody();
  ApprovalWish wish = wish_of();
  wish.yes = true;
  EXPECT_FALSE(approve(plan_of_a_dead_target(), wish, nobody));

  FakePerson person({"confirm"});
  const auto approval = approve(plan_of_a_dead_target(), wish, person);
  ASSERT_TRUE(approval);
  EXPECT_THAT(approval->confirmed, ElementsAre("identity of kv_prod"));

  FakePerson careless({"yes"});
  EXPECT_FALSE(approve(plan_of_a_dead_target(), wish, careless));
}

TEST(ApprovalTest, AnUnknownIdentityIsAskedAboutBeforeTheTarget) {
  FakePerson person({"confirm", "kv_prod"});
  ASSERT_TRUE(approve(plan_of_a_dead_target(), wish_of(), person));
  EXPECT_THAT(person.asked.front(), HasSubstr("identity not recorded"));
}

TEST(ApprovalTest, ADigestCoversWhatThePlanShows) {
  FakePerson nobody = FakePerson::nobody();
  ApprovalWish wish = wish_of();
  for (const std::size_t digits : {std::size_t{12}, std::size_t{13}, std::size_t{64}}) {
    wish.digest = plan_of_a_dead_target().digest().substr(0, digits);
    const auto approval = approve(plan_of_a_dead_target(), wish, nobody);
    ASSERT_TRUE(approval) << digits;
    EXPECT_EQ(approval->how, "digest");
  }
}

TEST(ApprovalTest, EveryOtherDigestIsRefused) {
  const std::string digest = example_plan().digest();
  FakePerson nobody = FakePerson::nobody();
  ApprovalWish wish = wish_of();
  for (std::size_t digits = 0; digits < 12; ++digits) {
    wish.digest = digest.substr(0, digits);
    ASSERT_FALSE(approve(example_plan(), wish, nobody)) << digits;
  }
  for (std::size_t at = 0; at < digest.size(); ++at) {
    std::string other = digest;
    other[at] = other[at] == '0' ? '1' : '0';
    wish.digest = other;
    const auto approval = approve(example_plan(), wish, nobody);
    ASSERT_FALSE(approval) << at;
    EXPECT_EQ(approval.error().code, "approval.digest_differs");
    EXPECT_THAT(approval.error().message,
                HasSubstr("approved plan: " + other + "\n  this run: " + digest));
  }
  wish.digest = digest + "0";
  EXPECT_FALSE(approve(example_plan(), wish, nobody));
}

TEST(ApprovalTest, ASiteThatWantsTheDigestTakesNothingElse) {
  FakePerson person({"kv_prod"});
  ApprovalWish wish = wish_of();
  wish.policy = Policy::Approval::kDigest;
  EXPECT_FALSE(approve(example_plan(), wish, person));
  wish.yes = true;
  EXPECT_FALSE(approve(example_plan(), wish, person));
  wish.digest = example_plan().digest();
  EXPECT_TRUE(approve(example_plan(), wish, person));
  EXPECT_TRUE(person.asked.empty());
}

}  // namespace
}  // namespace snapcore
