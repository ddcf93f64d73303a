// Tells of calls while they run: one thread for all calls of an instance, since starting one for
// each would take longer than most reads do.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

namespace snapcore {

class Instance;

class CallWatch {
 public:
  CallWatch() = default;
  ~CallWatch();
  CallWatch(const CallWatch&) = delete;
  CallWatch& operator=(const CallWatch&) = delete;

  // Runs `work` on this thread. What takes long is told of by `tell` meanwhile, on the thread of
  // the watch, ten times a second; and once more on this thread when `work` has ended. No two of
  // all that are watched are told of at the same time, and `tell` must not begin another.
  void run(const std::function<void()>& work, const std::function<void()>& tell);

 private:
  using Clock = std::chrono::steady_clock;
  struct Watched {
    Clock::time_point began;
    const std::function<void()>& tell;
  };
  using Place = std::list<Watched>::iterator;

  Place begin(const std::function<void()>& tell);
  void forget(Place place);
  void look();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Watched> watched_;
  std::thread thread_;
  bool asleep_ = false;  // there was nothing to watch, and nothing began since
  bool over_ = false;
};

// That of an instance, which ends with it.
CallWatch& watch_of(Instance& instance);

}  // namespace snapcore
