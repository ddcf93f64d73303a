#include "patience.hpp"

#include <algorithm>

namespace snapcore {

using std::chrono::milliseconds;

bool RetryTokens::take() {
  const std::lock_guard lock(mutex_);
  if (left_ < kCost) return false;
  left_ -= kCost;
  return true;
}

void RetryTokens::give_back() {
  const std::lock_guard lock(mutex_);
  left_ = std::min(kFull, left_ + kReward);
}

void RetryTokens::refund() {
  const std::lock_guard lock(mutex_);
  left_ = std::min(kFull, left_ + kCost);
}

milliseconds pause_after(std::uint32_t tried, double random) {
  milliseconds most = kFirstPause;
  for (std::uint32_t i = 1; i < tried && most < kLongestPause; ++i) most *= 2;
  most = std::min(most, kLongestPause);
  return milliseconds(static_cast<std::int64_t>(static_cast<double>(most.count()) * random));
}

Result<> wait_patiently(milliseconds length, const Surroundings& surroundings,
                        const std::function<Result<>()>& keep_going) {
  static constexpr milliseconds kPiece{200};
  while (length > milliseconds::zero()) {
    if (auto going = keep_going(); !going) return going;
    const milliseconds piece = std::min(length, kPiece);
    surroundings.sleep(piece);
    length -= piece;
  }
  return keep_going();
}

}  // namespace snapcore
