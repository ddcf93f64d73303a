// The thread that renews, one round at a time.
#include "lease/renewal.hpp"

#include <gmock/gmock.h>

#include <condition_variable>
#include <mutex>

#include "lease_scene.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;

// Lets the thread through when the test says so.
class Turnstile final : public Sleeper {
 public:
  void wake() override {
    const std::lock_guard lock(mutex_);
    awake_ = true;
    changed_.notify_all();
  }

  // Until the thread sleeps. Returns for how long it wants to.
  std::chrono::milliseconds wait_until_asleep() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return asleep_; });
    return asked_;
  }
  // One round: the thread sleeps again afterwards.
  void turn() {
    wait_until_asleep();
    {
      const std::lock_guard lock(mutex_);
      asleep_ = false;
      changed_.notify_all();
    }
    wait_until_asleep();
  }

 private:
  void pass(std::chrono::milliseconds time, const std::atomic<bool>*) override {
    std::unique_lock lock(mutex_);
    asleep_ = true;
    asked_ = time;
    changed_.notify_all();
    changed_.wait(lock, [&] { return !asleep_ || awake_; });
    asleep_ = false;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool asleep_ = false, awake_ = false;
  std::chrono::milliseconds asked_{0};
};

class RenewalTest : public LeaseTest {
 protected:
  void SetUp() override {
    auto both = acquire(one_, {kMail, kNotes});
    ASSERT_TRUE(both);
    held_ = both->leases;
    renewal_.emplace(one_, held_, turnstile_);
    turnstile_.wait_until_asleep();
  }
  // The thread sleeps while the clock is moved.
  void pass(std::chrono::seconds time) {
    clock_.advance(time);
    turnstile_.turn();
  }

  std::vector<Lease> held_;
  Turnstile turnstile_;
  std::optional<Renewal> renewal_;
};

TEST_F(RenewalTest, EveryThirdOfThePeriodAllLeasesAreRenewed) {
  for (int round = 0; round < 10; ++round) {
    EXPECT_EQ(turnstile_.wait_until_asleep(), kPeriod / 3);
    pass(kPeriod / 3);
    EXPECT_EQ(stored(kMail).expires, clock_.now() + kPeriod);
    EXPECT_EQ(stored(kNotes).expires, clock_.now() + kPeriod);
    EXPECT_TRUE(renewal_->check());
    EXPECT_EQ(renewal_->problem(), std::nullopt);
  }
}

TEST_F(RenewalTest, ALeaseThatWasBrokenIsLearntOfAtTheNextCheck) {
  ASSERT_TRUE(acquire(two_, {kNotes}, {held_[0].fence}));
  EXPECT_EQ(renewal_->check().error().code, "lease.lost");
  pass(kPeriod / 3);
  EXPECT_EQ(renewal_->check().error().code, "lease.lost");
  EXPECT_EQ(renewal_->problem().value_or(Error{}).code, "lease.lost");
  EXPECT_EQ(stored(kMail).renewed, clock_.now()) << "the others are renewed all the same";
}

TEST_F(RenewalTest, AFailedRenewalIsToldTriedAgainSoonAndStopsTheRunBeforeTheLeaseExpires) {
  fs_.fill_disk();
  const auto step = kPeriod / 12;
  pass(kPeriod / 3);
  while (renewal_->check()) {
    ASSERT_TRUE(renewal_->problem());
    EXPECT_EQ(renewal_->problem()->code, "lease.store_failed");
    EXPECT_EQ(turnstile_.wait_until_asleep(), step);
    ASSERT_LT(clock_.now(), held_[0].expires) << "too late";
    pass(step);
  }
  const auto refused = renewal_->check();
  EXPECT_EQ(refused.error().code, "lease.lost");
  ASSERT_TRUE(refused.error().cause);
  EXPECT_EQ(refused.error().cause->code, "lease.store_failed");

  fs_.empty_disk();
  pass(step);
  EXPECT_TRUE(renewal_->check()) << "it was still ours";
  EXPECT_FALSE(renewal_->problem());
}

TEST_F(RenewalTest, ItEndsAtOnceAndReleasesNothing) {
  renewal_.reset();
  EXPECT_EQ(stored(kNotes), held_[1]);
  EXPECT_TRUE(one_.release(held_));
}

TEST_F(RenewalTest, RunAndRenewalShareTheStore) {
  // Both write and read at the same time; the sanitizer looks at it.
  for (int round = 0; round < 50; ++round) {
    ASSERT_TRUE(renewal_->check());
    turnstile_.turn();
    Leases three = leases_of("run-3", 103);
    ASSERT_TRUE(three.release(taken(three, "other")));
  }
}

}  // namespace
}  // namespace snapcore
