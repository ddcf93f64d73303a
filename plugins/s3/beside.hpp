// Work on a thread of its own, beside that of the call.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <utility>

namespace s3 {

// Whoever drops it breaks it off and waits for its end: no thread outlives what it works for.
template <class T>
class Beside {
 public:
  // True once nobody waits for the work any more; asked on its thread.
  using Stopped = std::function<bool()>;

  // Without a thread it is done when it is asked for.
  template <class Work>
  explicit Beside(Work work)
      : stop_(std::make_shared<std::atomic<bool>>(false)),
        done_(std::async(std::launch::async | std::launch::deferred,
                         [stop = stop_, work = std::move(work)]() mutable -> T {
                           return work([stop] { return stop->load(); });
                         })) {}
  ~Beside() { stop(); }
  Beside(Beside&&) noexcept = default;
  Beside& operator=(Beside&&) = delete;

  T get() { return done_.get(); }
  // False where there is no thread for it.
  bool runs() const {
    return done_.wait_for(std::chrono::seconds(0)) != std::future_status::deferred;
  }
  void stop() {
    if (stop_) *stop_ = true;
  }

 private:
  std::shared_ptr<std::atomic<bool>> stop_;  // none once this was moved away
  std::future<T> done_;
};

}  // namespace s3
