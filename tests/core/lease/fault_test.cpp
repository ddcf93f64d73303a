// Every operation of the disk fails once, in every way: after it there are neither two holders nor
// a number that is given twice.
#include <gmock/gmock.h>

#include "lease_scene.hpp"

namespace snapcore {
namespace {

using testing::AnyOf;
using testing::HasSubstr;

enum class After { kNothing, kRestart, kPowerLoss, kPowerLossWithNames };

// Takes two leases, renews them, releases them, takes them again; stops at the first error.
struct History {
  std::vector<Lease> held = {};  // what it was told it has
  std::uint64_t highest = 0;     // number it ever was told
  std::optional<Error> error = {};
  bool releasing = false;  // it failed there: nobody was told whether it is free
};

class LeaseFaultTest : public LeaseTest {
 protected:
  History live(Leases& leases) {
    History history;
    for (int round = 0; round < 2; ++round) {
      auto acquired = acquire(leases, {kMail, kNotes});
      if (!acquired) {
        history.error = acquired.error();
        return history;
      }
      history.held = acquired->leases;
      history.highest = acquired->leases[0].fence;
      for (const Lease& lease : history.held) {
        if (auto renewed = leases.renew(lease); !renewed) {
          history.error = renewed.error();
          return history;
        }
      }
      if (round == 1) break;
      if (auto released = leases.release(history.held); !released) {
        history.error = released.error();
        history.releasing = true;
        return history;
      }
      history.held.clear();
    }
    return history;
  }

  void go_on(After after) {
    switch (after) {
      case After::kNothing: break;
      case After::kRestart: fs_.restart_process(); break;
      case After::kPowerLoss: fs_.lose_power(); break;
      case After::kPowerLossWithNames: fs_.lose_power({.names_survive = true}); break;
    }
  }
};

std::size_t operations_of_a_life() {
  class Scene : public LeaseFaultTest {
    void TestBody() override {}

   public:
    std::size_t count() {
      EXPECT_FALSE(live(one_).error);
      return fs_.operations();
    }
  };
  return Scene().count();
}

class Disaster : public LeaseFaultTest {
  void TestBody() override {}

 public:
  // True when the fault was met.
  bool strikes(std::size_t at, Fault fault, After after) {
    fs_.fail_operation(at, fault);
    const History history = live(one_);
    if (!history.error) {
      EXPECT_EQ(fault, Fault::kDiskFull) << "only that passes, when nothing more needs space";
      return false;
    }
    EXPECT_THAT(history.error->code, AnyOf("lease.store_failed", "lease.store_busy"))
        << history.error->message;
    if (after == After::kNothing) fs_.empty_disk();
    go_on(after);
    if (after == After::kNothing && fault == Fault::kDead) fs_.restart_process();

    // The other run never gets what the first was told it holds.
    for (const Lease& lease : history.held) {
      if (history.releasing) break;
      EXPECT_TRUE(one_.check(lease));
      EXPECT_EQ(acquire(two_, {lease.key}).error().code, "lease.held");
    }
    // What nobody holds, or may hold, is had by its own run and, broken, by the other.
    processes_.processes[101] = Liveness::kGone;
    Leases resumed = leases_of("run-1", 201);
    const auto again = acquire(resumed, {kMail, kNotes});
    EXPECT_TRUE(again) << again.error().message;
    if (!again) return true;
    EXPECT_GT(again->leases[0].fence, history.highest);
    for (const Lease& lease : history.held) {
      EXPECT_EQ(one_.check(lease).error().code, "lease.lost");
    }
    const auto broken = acquire(two_, {kMail, kNotes}, {again->leases[0].fence});
    EXPECT_TRUE(broken) << broken.error().message;
    if (!broken) return true;
    EXPECT_GT(broken->leases[0].fence, again->leases[0].fence);
    return true;
  }
};

TEST(LeaseFaultsTest, AFailingDiskMakesNeitherTwoHoldersNorALostNumber) {
  const std::size_t operations = operations_of_a_life();
  ASSERT_GT(operations, 30U);
  std::size_t met = 0;
  for (const Fault fault : {Fault::kIoError, Fault::kShortWrite, Fault::kDiskFull, Fault::kDead}) {
    for (const After after :
         {After::kNothing, After::kRestart, After::kPowerLoss, After::kPowerLossWithNames}) {
      for (std::size_t at = 0; at < operations; ++at) {
        SCOPED_TRACE(testing::Message()
                     << "operation " << at << ", fault " << static_cast<int>(fault) << ", then "
                     << static_cast<int>(after));
        met += Disaster().strikes(at, fault, after) ? 1U : 0U;
        if (testing::Test::HasFailure()) return;
      }
    }
  }
  EXPECT_GT(met, operations * 4 * 3) << "three kinds strike wherever they are put";
}

TEST_F(LeaseFaultTest, AFullDiskDoesNotHalfTakeLeases) {
  ASSERT_TRUE(one_.release(taken(one_, kMail)));
  fs_.fill_disk();
  const auto refused = acquire(two_, {kMail, kNotes});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "lease.store_failed");
  ASSERT_TRUE(refused.error().cause);
  EXPECT_EQ(refused.error().cause->code, "file.no_space");
  EXPECT_THAT(refused.error().hint, HasSubstr("free space"));
  fs_.empty_disk();
  EXPECT_TRUE(acquire(one_, {kMail, kNotes}));
}

TEST_F(LeaseFaultTest, ABusyStoreIsWaitedForAndGivenUpInTheEnd) {
  ASSERT_TRUE(make_directories(fs_, kLeases));
  auto writer = fs_.lock(kLeases / "lock");
  ASSERT_TRUE(writer);
  EXPECT_EQ(acquire(one_, {kNotes}).error().code, "lease.store_busy");

  int pauses = 0;
  sleeper_.while_asleep = [&] {
    if (++pauses == 3) writer->reset();
  };
  EXPECT_TRUE(acquire(one_, {kNotes}));
  EXPECT_EQ(pauses, 3);
}

}  // namespace
}  // namespace snapcore
