// Taking leases: who gets them, and what whoever does not is told.
#include <gmock/gmock.h>

#include "lease_scene.hpp"

namespace snapcore {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using AcquireLeaseTest = LeaseTest;

TEST_F(AcquireLeaseTest, LeasesAreSortedOnceEachAndOfOneNumber) {
  const auto acquired = acquire(one_, {kNotes, kMail, kNotes});
  ASSERT_TRUE(acquired) << acquired.error().message;
  EXPECT_THAT(acquired->leases,
              ElementsAre(AllOf(Field(&Lease::key, kMail), Field(&Lease::fence, 1U)),
                          AllOf(Field(&Lease::key, kNotes), Field(&Lease::fence, 1U))));
  EXPECT_THAT(acquired->broken, IsEmpty());
}

TEST_F(AcquireLeaseTest, ALeaseSaysWhoHoldsItAndUntilWhen) {
  const Lease lease = taken(one_);
  EXPECT_EQ(lease.holder, holder("run-1", 101));
  EXPECT_EQ(lease.acquired, clock_.now());
  EXPECT_EQ(lease.renewed, clock_.now());
  EXPECT_EQ(lease.expires, clock_.now() + kPeriod);
  EXPECT_EQ(lease.released, std::nullopt);
  EXPECT_EQ(stored(), lease);
}

TEST_F(AcquireLeaseTest, WhatIsHeldIsNamedWithItsHolderAndTheNextCommand) {
  taken(one_);
  clock_.advance(std::chrono::seconds(10));
  processes_.processes[101] = Liveness::kRunning;

  const auto refused = acquire(two_, {kNotes});

  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "lease.held");
  EXPECT_EQ(refused.error().category, Category::kConflict);
  EXPECT_EQ(refused.error().message,
            "notes-dir:db1:/srv/notes is held: lease 1 of run run-1 (process 101 on db1, since "
            "2026-01-02T03:04:05Z: \"for the test\"), expires at 2026-01-02T03:06:05Z; that "
            "process is running");
  EXPECT_THAT(refused.error().hint, HasSubstr("--lock-wait"));
  EXPECT_THAT(refused.error().hint, Not(HasSubstr("--break-lease")));
}

TEST_F(AcquireLeaseTest, BreakingIsOfferedOnlyWhenTheHolderIsGoneOrSilentAndUnknown) {
  struct Case {
    Liveness process;
    bool expired, offered;
    std::string words;
  };
  const Case cases[] = {
      {Liveness::kRunning, false, false, "is running"},
      {Liveness::kRunning, true, false, "is running"},
      {Liveness::kGone, false, true, "is gone"},
      {Liveness::kGone, true, true, "is gone"},
      {Liveness::kUnknown, false, false, "cannot be told from here"},
      {Liveness::kUnknown, true, true, "cannot be told from here"},
  };
  const Lease lease = taken(one_);
  const Time start = clock_.now();
  for (const Case& each : cases) {
    clock_.advance(start + (each.expired ? kPeriod : kPeriod / 2) - clock_.now());
    processes_.processes[101] = each.process;
    const auto refused = acquire(two_, {kNotes});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "lease.held");
    EXPECT_THAT(refused.error().message, HasSubstr(each.words));
    EXPECT_THAT(refused.error().message, HasSubstr(each.expired ? "expired at" : "expires at"));
    const bool offers = refused.error().hint.find("--break-lease 1") != std::string::npos;
    EXPECT_EQ(offers, each.offered) << refused.error().hint;
  }
  EXPECT_EQ(stored(), lease);
}

TEST_F(AcquireLeaseTest, AForeignLeaseIsNeverTakenByItselfHoweverOld) {
  const Lease lease = taken(one_);
  clock_.advance(std::chrono::hours(24 * 365));
  for (const Liveness process : {Liveness::kRunning, Liveness::kGone, Liveness::kUnknown}) {
    processes_.processes[101] = process;
    EXPECT_EQ(acquire(two_, {kNotes}).error().code, "lease.held");
  }
  EXPECT_EQ(stored(), lease);
}

TEST_F(AcquireLeaseTest, WhenOneIsHeldNothingIsWrittenOfTheOthers) {
  taken(one_, kNotes);
  const auto before = fs_.operations();
  EXPECT_EQ(acquire(two_, {kMail, kNotes, "a", "z"}).error().code, "lease.held");
  EXPECT_EQ(fs_.operations(), before);
}

TEST_F(AcquireLeaseTest, WhatIsReleasedIsFreeAndTheNumberGrows) {
  std::uint64_t last = 0;
  for (int round = 0; round < 5; ++round) {
    for (Leases* leases : {&one_, &two_}) {
      const Lease lease = taken(*leases);
      EXPECT_GT(lease.fence, last);
      last = lease.fence;
      EXPECT_TRUE(leases->release(lease));
      EXPECT_EQ(stored().fence, last);
    }
  }
}

TEST_F(AcquireLeaseTest, NumbersOfDifferentResourcesDifferToo) {
  EXPECT_EQ(taken(one_, kNotes).fence, 1U);
  EXPECT_EQ(taken(two_, kMail).fence, 2U);
}

TEST_F(AcquireLeaseTest, AResumedRunTakesItsOwnLeasesBackUnderANewNumber) {
  const Lease first = taken(one_);
  processes_.processes[101] = Liveness::kGone;
  for (const auto later : {std::chrono::seconds(1), 2 * kPeriod}) {
    clock_.advance(later);
    Leases resumed = leases_of("run-1", 201);
    const auto again = acquire(resumed, {kNotes});
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_GT(again->leases[0].fence, first.fence);
    EXPECT_EQ(again->leases[0].expires, clock_.now() + kPeriod);
    EXPECT_THAT(again->broken, IsEmpty());
    EXPECT_EQ(one_.check(first).error().code, "lease.lost");
  }
}

TEST_F(AcquireLeaseTest, ARunThatIsBeingExecutedIsNotResumedBesideItself) {
  taken(one_);
  processes_.processes[101] = Liveness::kRunning;
  Leases beside = leases_of("run-1", 201);
  EXPECT_EQ(acquire(beside, {kNotes}).error().code, "lease.held");
  EXPECT_TRUE(acquire(one_, {kNotes, kMail})) << "the same process may";
}

// The state directory was copied while the run went on: both sides hold the same records.
TEST_F(AcquireLeaseTest, ARunThatMayGoOnOnAnotherHostIsTakenBackOnlyOnceItsLeaseHasExpired) {
  const Lease lease = taken(one_);
  Leases copy = leases_of("run-1", 201, "db2");
  const auto refused = acquire(copy, {kNotes});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "lease.held");
  EXPECT_EQ(refused.error().message,
            "notes-dir:db1:/srv/notes is held: lease 1 of run run-1 (process 101 on db1, since "
            "2026-01-02T03:04:05Z: \"for the test\"), expires at 2026-01-02T03:06:05Z; whether "
            "that process still runs cannot be told from here");
  EXPECT_EQ(refused.error().hint,
            "once it has expired this run takes it back: wait for that with --lock-wait, for "
            "instance --lock-wait 3m, or, only when it is certain that process 101 on db1 has "
            "ended, --break-lease 1");
  EXPECT_EQ(stored(), lease);

  clock_.advance(kPeriod);
  const auto acquired = acquire(copy, {kNotes});
  ASSERT_TRUE(acquired) << acquired.error().message;
  EXPECT_EQ(stored().holder.host, "db2");
}

TEST_F(AcquireLeaseTest, ARunThatMayGoOnOnAnotherHostIsWaitedForOrItsLeaseIsBrokenByItsNumber) {
  const Lease lease = taken(one_);
  const Time start = clock_.now();
  Leases copy = leases_of("run-1", 201, "db2");
  EXPECT_EQ(acquire(copy, {kNotes}, {lease.fence + 1}).error().code, "lease.held");
  ASSERT_TRUE(acquire(copy, {kNotes}, {lease.fence}));

  Leases third = leases_of("run-1", 301, "db3");
  ASSERT_TRUE(third.acquire({.keys = {kNotes}, .wait = 2 * kPeriod}, cancelled_));
  EXPECT_EQ(clock_.now(), start + kPeriod);
}

TEST_F(AcquireLeaseTest, AfterARestartOfItsHostARunIsGoneOnWithAtOnce) {
  taken(one_);
  Leases resumed = leases_of("run-1", 201);
  EXPECT_TRUE(acquire(resumed, {kNotes}));
}

TEST_F(AcquireLeaseTest, NoKeysAreNoLeases) {
  const auto acquired = acquire(one_, {});
  ASSERT_TRUE(acquired);
  EXPECT_THAT(acquired->leases, IsEmpty());
  EXPECT_EQ(fs_.operations(), 0U);
}

TEST_F(AcquireLeaseTest, AKeyIsTextThatReadsBackAsItself) {
  for (const std::string& key : {std::string(), std::string("a\xff"), std::string(5000, 'k')}) {
    EXPECT_EQ(acquire(one_, {key}).error().code, "lease.invalid_key");
  }
  for (const std::string& key : {std::string("../../etc"), std::string("a\nb"), std::string("\"\\"),
                                 std::string(4096, 'k'), std::string("\0", 1)}) {
    EXPECT_EQ(taken(one_, key).key, key);
  }
}

TEST_F(AcquireLeaseTest, WhoComesTooLateAtOneGivesBackTheOthers) {
  // Between reading and writing: the store of run 1 lets run 2 take the second key just then.
  class Overtaken final : public LeaseStore {
   public:
    Overtaken(LeaseStore& store, std::function<void()> first) : store_(store), once_(first) {}
    Result<std::optional<Lease>> read(const std::string& key) override { return store_.read(key); }
    Result<> write(const Lease& lease) override {
      if (lease.key == kNotes && once_) std::exchange(once_, nullptr)();
      return store_.write(lease);
    }
    Result<std::uint64_t> draw_fence(std::uint64_t after) override {
      return store_.draw_fence(after);
    }
    Result<KnownLeases> list() override { return store_.list(); }

   private:
    LeaseStore& store_;
    std::function<void()> once_;
  };
  Overtaken store(store_, [&] { taken(two_, kNotes); });
  Leases late(store, processes_, clock_, sleeper_, holder("run-1", 101), kPeriod);

  EXPECT_EQ(acquire(late, {kMail, kNotes}).error().code, "lease.held");

  EXPECT_NE(stored(kMail).released, std::nullopt);
  EXPECT_EQ(stored(kNotes).holder.run, "run-2");
  EXPECT_GT(taken(two_, kMail).fence, 2U);
}

TEST_F(AcquireLeaseTest, AllLeasesCanBeListed) {
  EXPECT_THAT(store_.list().value().leases, IsEmpty());
  EXPECT_EQ(fs_.operations(), 0U) << "looking makes nothing";
  ASSERT_TRUE(one_.release(taken(one_, kNotes)));
  taken(two_, kMail);
  EXPECT_THAT(store_.list().value().leases,
              ElementsAre(AllOf(Field(&Lease::key, kMail), Field(&Lease::released, std::nullopt)),
                          AllOf(Field(&Lease::key, kNotes),
                                Field(&Lease::released, std::optional(clock_.now())))));
}

}  // namespace
}  // namespace snapcore
