#include "plugin/call_watch.hpp"

#include <utility>

namespace snapcore {
namespace {

constexpr auto kTick = std::chrono::milliseconds(100);

}  // namespace

CallWatch::~CallWatch() {
  {
    const std::lock_guard lock(mutex_);
    over_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void CallWatch::run(const std::function<void()>& work, const std::function<void()>& tell) {
  struct Watching {
    CallWatch& watch;
    const Place place;
    ~Watching() { watch.forget(place); }
  };
  {
    const Watching watching{*this, begin(tell)};
    work();
  }
  const std::lock_guard lock(mutex_);
  tell();
}

CallWatch::Place CallWatch::begin(const std::function<void()>& tell) {
  const std::lock_guard lock(mutex_);
  const auto place = watched_.insert(watched_.end(), {Clock::now(), tell});
  if (!thread_.joinable()) thread_ = std::thread([this] { look(); });
  if (std::exchange(asleep_, false)) changed_.notify_one();
  return place;
}

// Waits while it is being told of.
void CallWatch::forget(Place place) {
  const std::lock_guard lock(mutex_);
  watched_.erase(place);
}

void CallWatch::look() {
  std::unique_lock lock(mutex_);
  while (!over_) {
    // Woken once for many short calls, and not for each.
    asleep_ = watched_.empty();
    changed_.wait(lock, [&] { return over_ || !asleep_; });
    changed_.wait_for(lock, kTick, [&] { return over_; });
    const auto now = Clock::now();
    for (const Watched& watched : watched_) {
      if (now - watched.began >= kTick) watched.tell();
    }
  }
}

}  // namespace snapcore
