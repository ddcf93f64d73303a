#include "base/sleeper.hpp"

#include <algorithm>
#include <thread>

namespace snapcore {

bool RealSleeper::sleep(std::chrono::seconds time, const std::atomic<bool>& cancelled) {
  using Steady = std::chrono::steady_clock;
  constexpr std::chrono::milliseconds kPiece(100);  // a signal handler can only set the flag
  const auto end = Steady::now() + time;
  while (!cancelled) {
    const auto left = end - Steady::now();
    if (left <= Steady::duration::zero()) return true;
    std::this_thread::sleep_for(std::min<Steady::duration>(left, kPiece));
  }
  return false;
}

}  // namespace snapcore
