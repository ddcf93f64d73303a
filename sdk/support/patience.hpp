// How often a request is made again, and after what pause.
//
// Pauses are random up to a limit that doubles, so that many who were refused together do not come
// back together. A bucket of tokens that all calls of an instance share lets a store that is gone
// for good be given up on quickly: a request made again takes some, one that succeeds gives back.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <snapcore/error.hpp>
#include <snapcore/support/surroundings.hpp>

namespace snapcore {

class RetryTokens {
 public:
  static constexpr int kFull = 500;
  static constexpr int kCost = 5;
  static constexpr int kReward = 1;

  // False when there are not enough left.
  bool take();
  void give_back();
  // What the last take() cost, for a try that came further than the one before.
  void refund();

 private:
  std::mutex mutex_;
  int left_ = kFull;
};

inline constexpr std::chrono::milliseconds kFirstPause{100};
inline constexpr std::chrono::milliseconds kLongestPause{20'000};

// Of the pause after the try number `tried` (from 1), with `random` from 0 up to 1.
std::chrono::milliseconds pause_after(std::uint32_t tried, double random);

// Waits in pieces, so that a call that is cancelled ends soon; its error then.
Result<> wait_patiently(std::chrono::milliseconds length, const Surroundings& surroundings,
                        const std::function<Result<>()>& keep_going);

}  // namespace snapcore
