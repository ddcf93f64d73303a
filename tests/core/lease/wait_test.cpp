// Waiting for leases that others hold. Sleeping moves the clock and nothing else takes time.
#include <gmock/gmock.h>

#include "lease_scene.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;

class WaitForLeaseTest : public LeaseTest {
 protected:
  Result<AcquiredLeases> wait(std::chrono::seconds time) {
    return two_.acquire({.keys = {kMail, kNotes}, .wait = time}, cancelled_);
  }
  const Time start_ = clock_.now();
};

TEST_F(WaitForLeaseTest, ItIsTakenSoonAfterItIsReleased) {
  const Lease lease = taken(one_);
  sleeper_.while_asleep = [&] {
    if (clock_.now() != start_ + std::chrono::seconds(90)) return;
    EXPECT_TRUE(one_.release(lease));
  };
  const auto acquired = wait(std::chrono::minutes(10));
  ASSERT_TRUE(acquired) << acquired.error().message;
  EXPECT_EQ(clock_.now(), start_ + std::chrono::seconds(90));
}

TEST_F(WaitForLeaseTest, NothingIsTakenWhileWaiting) {
  taken(one_, kNotes);
  Leases three = leases_of("run-3", 103);
  bool went_between = false;
  sleeper_.while_asleep = [&] {
    went_between = true;
    EXPECT_TRUE(three.release(taken(three, kMail)));
  };
  EXPECT_EQ(wait(std::chrono::seconds(5)).error().code, "lease.held");
  EXPECT_TRUE(went_between);
}

TEST_F(WaitForLeaseTest, AtTheDeadlineItIsStillHeld) {
  const Lease lease = taken(one_);
  const auto refused = wait(std::chrono::minutes(5));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "lease.held");
  EXPECT_THAT(refused.error().message, HasSubstr("; waited 5 min"));
  EXPECT_EQ(clock_.now(), start_ + std::chrono::minutes(5));
  EXPECT_EQ(stored(), lease);
}

TEST_F(WaitForLeaseTest, WithoutADeadlineNothingIsWaitedFor) {
  taken(one_);
  EXPECT_EQ(wait(std::chrono::seconds(0)).error().code, "lease.held");
  EXPECT_EQ(clock_.now(), start_);
}

TEST_F(WaitForLeaseTest, AnInterruptEndsIt) {
  taken(one_);
  sleeper_.while_asleep = [&] { cancelled_ = clock_.now() >= start_ + std::chrono::seconds(3); };
  EXPECT_EQ(wait(std::chrono::hours(1)).error().code, "run.interrupted");
  EXPECT_EQ(clock_.now(), start_ + std::chrono::seconds(3));
}

TEST_F(WaitForLeaseTest, WhatIsBrokenCannotBeWaitedFor) {
  taken(one_);
  fs_.truncate(store_.path_of(kNotes), 10);
  EXPECT_EQ(wait(std::chrono::hours(1)).error().code, "lease.damaged");
  EXPECT_EQ(clock_.now(), start_);
}

}  // namespace
}  // namespace snapcore
