#include "plugin/call_watch.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <stdexcept>
#include <thread>

namespace snapcore {
namespace {

// Ends when it was told of so often.
class Long {
 public:
  explicit Long(int times) : left_(times) {}
  void work() { told_.get_future().wait(); }
  void tell() {
    by_ = std::this_thread::get_id();
    if (--left_ == 0) told_.set_value();
  }
  std::thread::id last_told_by() const { return by_; }

 private:
  std::promise<void> told_;
  int left_;
  std::atomic<std::thread::id> by_;
};

TEST(CallWatchTest, WorkRunsOnTheThreadThatGivesIt) {
  CallWatch watch;
  std::thread::id worked;
  watch.run([&] { worked = std::this_thread::get_id(); }, [] {});
  EXPECT_EQ(worked, std::this_thread::get_id());
}

TEST(CallWatchTest, LongWorkIsToldOfMeanwhileByAnotherThreadAndAtItsEndByItsOwn) {
  CallWatch watch;
  Long call(3);
  std::thread::id meanwhile;
  watch.run(
      [&] {
        call.work();
        meanwhile = call.last_told_by();
      },
      [&] { call.tell(); });
  EXPECT_NE(meanwhile, std::this_thread::get_id());
  EXPECT_EQ(call.last_told_by(), std::this_thread::get_id());
}

TEST(CallWatchTest, ManyShortOnesAreToldOfOnceEach) {
  CallWatch watch;
  constexpr int kMany = 1000;
  int told = 0;
  for (int i = 0; i < kMany; ++i) watch.run([] {}, [&] { ++told; });
  EXPECT_EQ(told, kMany);
}

TEST(CallWatchTest, BehindManyShortOnesALongOneIsToldOf) {
  CallWatch watch;
  for (int i = 0; i < 10; ++i) watch.run([] {}, [] {});
  Long call(1);
  watch.run([&] { call.work(); }, [&] { call.tell(); });
}

TEST(CallWatchTest, WhatRunsInsideOfOneIsToldOfBesideIt) {
  CallWatch watch;
  Long outer(2), inner(2);
  watch.run(
      [&] {
        watch.run([&] { inner.work(); }, [&] { inner.tell(); });
        outer.work();
      },
      [&] { outer.tell(); });
}

TEST(CallWatchTest, SeveralThreadsAreToldOfOneAfterTheOther) {
  CallWatch watch;
  int told = 0;  // no lock of its own
  const auto work = [&] {
    for (int i = 0; i < 100; ++i) watch.run([] {}, [&] { ++told; });
    Long call(1);
    watch.run([&] { call.work(); },
              [&] {
                ++told;
                call.tell();
              });
  };
  std::thread one(work), other(work);
  one.join();
  other.join();
  EXPECT_GE(told, 2 * 102);
}

TEST(CallWatchTest, WorkThatThrowsIsForgotten) {
  CallWatch watch;
  int told = 0;
  EXPECT_THROW(watch.run([] { throw std::runtime_error("no"); }, [&] { ++told; }),
               std::runtime_error);
  EXPECT_EQ(told, 0);
  Long call(1);
  watch.run([&] { call.work(); }, [&] { call.tell(); });
}

}  // namespace
}  // namespace snapcore
