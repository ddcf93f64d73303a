#include "base/sleeper.hpp"

#include <algorithm>

namespace snapcore {

void RealSleeper::pass(std::chrono::milliseconds time, const std::atomic<bool>* cancelled) {
  using Steady = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kPiece(100);  // a signal handler can only set the flag
  const auto end = Steady::now() + time;
  std::unique_lock lock(mutex_);
  while (!awake_ && !(cancelled && *cancelled)) {
    const auto left = end - Steady::now();
    if (left <= Steady::duration::zero()) return;
    woken_up_.wait_for(lock, cancelled ? std::min<Steady::duration>(left, kPiece) : left);
  }
}

void RealSleeper::wake() {
  const std::lock_guard lock(mutex_);
  awake_ = true;
  woken_up_.notify_all();
}

void FakeSleeper::pass(std::chrono::milliseconds time, const std::atomic<bool>*) {
  {
    const std::lock_guard lock(mutex_);
    slept.push_back(time);
    part_of_a_second_ += time;
    const auto seconds = std::chrono::floor<std::chrono::seconds>(part_of_a_second_);
    part_of_a_second_ -= seconds;
    clock_.advance(seconds);
  }
  if (while_asleep) while_asleep();
}

}  // namespace snapcore
