// Keeping a lease: check before every act, renewal, release.
#include <gmock/gmock.h>

#include "lease_scene.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;

using KeepLeaseTest = LeaseTest;

TEST_F(KeepLeaseTest, NoActBeginsWhenLessThanAQuarterOfThePeriodIsLeft) {
  const Lease lease = taken(one_);
  for (auto age = std::chrono::seconds(0); age < 2 * kPeriod; age += std::chrono::seconds(1)) {
    const auto checked = one_.check(lease);
    EXPECT_EQ(checked.has_value(), age <= kPeriod * 3 / 4) << age.count();
    if (!checked) {
      EXPECT_EQ(checked.error().code, "lease.lost");
      EXPECT_THAT(checked.error().message, HasSubstr("was not renewed since 2026-01-02T03:04:05Z"));
    }
    clock_.advance(std::chrono::seconds(1));
  }
}

TEST_F(KeepLeaseTest, RenewedInTimeItIsKeptForEver) {
  const Lease lease = taken(one_);
  for (int round = 0; round < 100; ++round) {
    clock_.advance(kPeriod / 3);
    ASSERT_TRUE(one_.check(lease));
    ASSERT_TRUE(one_.renew(lease));
  }
  const Lease now = stored();
  EXPECT_EQ(now.fence, lease.fence);
  EXPECT_EQ(now.acquired, lease.acquired);
  EXPECT_EQ(now.renewed, clock_.now());
  EXPECT_EQ(now.expires, clock_.now() + kPeriod);
}

TEST_F(KeepLeaseTest, ARenewalInTheLastMomentLetsTheRunGoOn) {
  const Lease lease = taken(one_);
  clock_.advance(kPeriod - std::chrono::seconds(1));
  EXPECT_FALSE(one_.check(lease));
  ASSERT_TRUE(one_.renew(lease));
  EXPECT_TRUE(one_.check(lease));
}

TEST_F(KeepLeaseTest, WhatHasExpiredStaysExpired) {
  const Lease lease = taken(one_);
  clock_.advance(kPeriod);
  const auto renewed = one_.renew(lease);
  ASSERT_FALSE(renewed);
  EXPECT_EQ(renewed.error().code, "lease.lost");
  EXPECT_THAT(renewed.error().message, HasSubstr("expired at 2026-01-02T03:06:05Z"));
  EXPECT_EQ(stored(), lease);
  EXPECT_TRUE(one_.release(lease)) << "but its run may still say that it is done";
}

TEST_F(KeepLeaseTest, AReleasedLeaseAllowsNothingAndIsNotRenewed) {
  const Lease lease = taken(one_);
  ASSERT_TRUE(one_.release(lease));
  const Lease released = stored();
  EXPECT_EQ(one_.check(lease).error().code, "lease.lost");
  EXPECT_EQ(one_.renew(lease).error().code, "lease.lost");
  EXPECT_TRUE(one_.release(lease)) << "twice is no error";
  EXPECT_EQ(stored(), released);
}

TEST_F(KeepLeaseTest, ALeaseThatWasRemovedIsLost) {
  const Lease lease = taken(one_);
  ASSERT_TRUE(fs_.remove(store_.path_of(kNotes)));
  EXPECT_EQ(one_.check(lease).error().code, "lease.lost");
  EXPECT_EQ(one_.renew(lease).error().code, "lease.lost");
  EXPECT_EQ(one_.release(lease).error().code, "lease.lost");
  EXPECT_GT(taken(two_).fence, lease.fence) << "its number is not given again";
}

TEST_F(KeepLeaseTest, OfSeveralAllThatCanBeReleasedAreReleased) {
  const auto both = acquire(one_, {kMail, kNotes});
  ASSERT_TRUE(both);
  fs_.truncate(store_.path_of(kMail), 5);
  EXPECT_EQ(one_.release(both->leases).error().code, "lease.damaged");
  EXPECT_NE(stored(kNotes).released, std::nullopt);
}

TEST_F(KeepLeaseTest, ALeaseSurvivesAPowerLossWithItsNumber) {
  const Lease lease = taken(one_);
  clock_.advance(kPeriod / 3);
  ASSERT_TRUE(one_.renew(lease));
  const Lease renewed = stored();
  fs_.lose_power();
  EXPECT_EQ(stored(), renewed);
  ASSERT_TRUE(one_.release(lease));
  fs_.lose_power();
  EXPECT_NE(stored().released, std::nullopt);
  EXPECT_EQ(stored().fence, lease.fence);
  EXPECT_GT(taken(two_).fence, lease.fence);
}

}  // namespace
}  // namespace snapcore
