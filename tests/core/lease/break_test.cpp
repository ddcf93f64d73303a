// Breaking foreign leases, by the number that was printed.
#include <gmock/gmock.h>

#include "lease_scene.hpp"

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using BreakLeaseTest = LeaseTest;

TEST_F(BreakLeaseTest, TheNumberBreaksTheLeaseAndTheResultSaysWhatWasBroken) {
  const Lease lease = taken(one_);
  processes_.processes[101] = Liveness::kGone;

  const auto acquired = acquire(two_, {kNotes}, {lease.fence});

  ASSERT_TRUE(acquired) << acquired.error().message;
  EXPECT_THAT(acquired->broken, ElementsAre(lease));
  EXPECT_GT(acquired->leases[0].fence, lease.fence);
  EXPECT_EQ(stored().holder.run, "run-2");
}

TEST_F(BreakLeaseTest, TheBrokenHolderLearnsItAtItsNextCheckAndCanNeitherRenewNorRelease) {
  const Lease lease = taken(one_);
  const auto acquired = acquire(two_, {kNotes}, {lease.fence});
  ASSERT_TRUE(acquired);

  const auto checked = one_.check(lease);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code, "lease.lost");
  EXPECT_THAT(checked.error().message, HasSubstr("run run-2 (process 102 on db1"));
  EXPECT_EQ(one_.renew(lease).error().code, "lease.lost");
  EXPECT_EQ(one_.release(lease).error().code, "lease.lost");
  EXPECT_EQ(stored(), acquired->leases[0]);
}

TEST_F(BreakLeaseTest, AnyOtherNumberBreaksNothing) {
  ASSERT_TRUE(one_.release(taken(one_)));
  const Lease lease = taken(one_);
  ASSERT_EQ(lease.fence, 2U);
  for (const std::uint64_t number :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{3}, std::uint64_t{UINT64_MAX}}) {
    const Error error = acquire(two_, {kNotes}, {number}).error();
    EXPECT_EQ(error.code, "lease.held") << number;
    EXPECT_THAT(error.message, HasSubstr("--break-lease " + std::to_string(number) +
                                         " is wrong: the number of this lease is 2"));
  }
  EXPECT_EQ(stored(), lease);
}

TEST_F(BreakLeaseTest, ALeaseWhoseProcessIsRunningIsNotBroken) {
  const Lease lease = taken(one_);
  processes_.processes[101] = Liveness::kRunning;
  EXPECT_THAT(acquire(two_, {kNotes}, {lease.fence}).error().message,
              HasSubstr("is its number, but a lease is not broken while its process runs"));
  clock_.advance(2 * kPeriod);
  EXPECT_EQ(acquire(two_, {kNotes}, {lease.fence}).error().code, "lease.held");
  EXPECT_EQ(stored(), lease);
}

TEST_F(BreakLeaseTest, OneNumberBreaksAllThatOneRunTookAndNothingOfAnother) {
  const auto both = acquire(one_, {kMail, kNotes});
  ASSERT_TRUE(both);
  Leases three = leases_of("run-3", 103);
  const Lease other = taken(three, "other");
  processes_.processes = {{101, Liveness::kGone}, {103, Liveness::kGone}};
  const std::uint64_t number = both->leases[0].fence;

  EXPECT_THAT(acquire(two_, {kMail, kNotes, "other"}, {number}).error().message,
              HasSubstr("other is held"));
  EXPECT_EQ(stored(kMail), both->leases[0]) << "all or nothing";

  const auto acquired = acquire(two_, {kMail, kNotes}, {number});
  ASSERT_TRUE(acquired);
  EXPECT_EQ(acquired->broken, both->leases);
  EXPECT_EQ(stored("other"), other);
}

TEST_F(BreakLeaseTest, WhatWasReleasedMeanwhileIsTakenWithoutBreaking) {
  const Lease lease = taken(one_);
  ASSERT_TRUE(one_.release(lease));
  const auto acquired = acquire(two_, {kNotes}, {lease.fence});
  ASSERT_TRUE(acquired);
  EXPECT_THAT(acquired->broken, IsEmpty());
}

}  // namespace
}  // namespace snapcore
