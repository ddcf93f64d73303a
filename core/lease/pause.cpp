#include "lease/pause.hpp"

namespace snapcore {

void RealPause::sleep(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  woken_up_.wait_for(lock, time, [&] { return awake_; });
}

void RealPause::wake() {
  const std::lock_guard lock(mutex_);
  awake_ = true;
  woken_up_.notify_all();
}

}  // namespace snapcore
