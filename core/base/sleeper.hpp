// Waiting, behind a seam so that tests need not.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <vector>

#include "base/clock.hpp"

namespace snapcore {

class Sleeper {
 public:
  virtual ~Sleeper() = default;
  // Returns after this time, or as soon as `cancelled` is set. False: it was.
  virtual bool sleep(std::chrono::seconds time, const std::atomic<bool>& cancelled) = 0;
};

class RealSleeper final : public Sleeper {
 public:
  bool sleep(std::chrono::seconds time, const std::atomic<bool>& cancelled) override;
};

// The clock goes on and nobody waits.
class FakeSleeper final : public Sleeper {
 public:
  explicit FakeSleeper(FakeClock& clock) : clock_(clock) {}
  bool sleep(std::chrono::seconds time, const std::atomic<bool>& cancelled) override {
    slept.push_back(time);
    clock_.advance(time);
    if (while_asleep) while_asleep();
    return !cancelled;
  }
  std::vector<std::chrono::seconds> slept = {};
  std::function<void()> while_asleep = {};

 private:
  FakeClock& clock_;
};

}  // namespace snapcore
