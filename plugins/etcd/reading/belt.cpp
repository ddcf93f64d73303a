#include "reading/belt.hpp"

#include <utility>

namespace etcd {
namespace {

std::size_t bytes_in(const snapcore::Value& item) {
  std::size_t bytes = 0;
  for (const auto& [name, member] : item.members()) bytes += member.view().size();
  return bytes;
}

}  // namespace

Result<> Belt::put(snapcore::Value item) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !full() || problem_; });
  if (problem_) return snapcore::fail(*problem_);
  bytes_ += bytes_in(item);
  items_.push_back(std::move(item));
  if (full()) changed_.notify_one();
  return {};
}

void Belt::end() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_one();
}

std::vector<snapcore::Value> Belt::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return full() || ended_; });
  bytes_ = 0;
  changed_.notify_one();
  return std::exchange(items_, {});
}

void Belt::hand_over(const Reading& reading) {
  for (;;) {
    const auto items = take();
    if (items.empty()) return;
    for (const auto& item : items) {
      if (auto done = reading.emit(item); !done) return fail_with(done.error());
    }
  }
}

void Belt::fail_with(snapcore::Error problem) {
  const std::lock_guard lock(mutex_);
  problem_ = std::move(problem);
  changed_.notify_one();
}

void Belt::stop() {
  const std::lock_guard lock(mutex_);
  if (!ended_ && !problem_) {
    problem_ = {.code = "etcd.canceled", .message = "nobody takes what is found"};
  }
  changed_.notify_one();
}

}  // namespace etcd
