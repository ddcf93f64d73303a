// Passing time, behind a seam so that tests need not.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace snapcore {

// Both functions may be called by any thread.
class Pause {
 public:
  virtual ~Pause() = default;
  // Returns after this time, or as soon as wake() was called.
  virtual void sleep(std::chrono::milliseconds time) = 0;
  // Ends this sleep and all later ones.
  virtual void wake() = 0;
};

class RealPause final : public Pause {
 public:
  void sleep(std::chrono::milliseconds time) override;
  void wake() override;

 private:
  std::mutex mutex_;
  std::condition_variable woken_up_;
  bool awake_ = false;
};

}  // namespace snapcore
