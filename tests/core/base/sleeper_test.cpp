#include "base/sleeper.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace snapcore {
namespace {

TEST(SleeperTest, OnceWokenNobodySleeps) {
  RealSleeper sleeper;
  std::thread waker([&] { sleeper.wake(); });
  sleeper.sleep(std::chrono::hours(1));
  waker.join();
  sleeper.sleep(std::chrono::hours(1));
}

TEST(SleeperTest, AFlagEndsASleep) {
  RealSleeper sleeper;
  std::atomic<bool> cancelled = false;
  std::thread other([&] { cancelled = true; });
  EXPECT_FALSE(sleeper.sleep(std::chrono::hours(1), cancelled));
  other.join();
  EXPECT_FALSE(sleeper.sleep(std::chrono::hours(1), cancelled));
}

TEST(SleeperTest, TheFakeOneMovesTheClock) {
  FakeClock clock(*parse_time("2026-01-02T03:04:05Z"));
  FakeSleeper sleeper(clock);
  sleeper.sleep(std::chrono::milliseconds(600));
  sleeper.sleep(std::chrono::milliseconds(600));
  EXPECT_EQ(to_rfc3339(clock.now()), "2026-01-02T03:04:06Z");
}

}  // namespace
}  // namespace snapcore
