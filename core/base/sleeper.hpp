// Waiting, behind a seam so that tests need not.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>

#include "base/clock.hpp"

namespace snapcore {

// All functions may be called by any thread.
class Sleeper {
 public:
  virtual ~Sleeper() = default;
  // Returns after this time, or soon after `cancelled` is set. False: it was.
  bool sleep(std::chrono::milliseconds time, const std::atomic<bool>& cancelled) {
    pass(time, &cancelled);
    return !cancelled;
  }
  void sleep(std::chrono::milliseconds time) { pass(time, nullptr); }
  // Ends this sleep and all later ones.
  virtual void wake() = 0;

 private:
  // `cancelled` may be null.
  virtual void pass(std::chrono::milliseconds time, const std::atomic<bool>* cancelled) = 0;
};

class RealSleeper final : public Sleeper {
 public:
  void wake() override;

 private:
  void pass(std::chrono::milliseconds time, const std::atomic<bool>* cancelled) override;

  std::mutex mutex_;
  std::condition_variable woken_up_;
  bool awake_ = false;
};

// The clock goes on and nobody waits.
class FakeSleeper final : public Sleeper {
 public:
  explicit FakeSleeper(FakeClock& clock) : clock_(clock) {}
  void wake() override {}

  std::vector<std::chrono::milliseconds> slept = {};
  std::function<void()> while_asleep = {};  // what happens in the world

 private:
  void pass(std::chrono::milliseconds time, const std::atomic<bool>* cancelled) override;

  FakeClock& clock_;
  std::mutex mutex_;
  std::chrono::milliseconds part_of_a_second_{0};
};

}  // namespace snapcore
