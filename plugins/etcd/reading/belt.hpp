// Carries items from the thread that finds them to the one that may hand them over.
//
// Half of what a listing costs is walking the file, the other half is the way of each item over the
// border to the core, which only the thread of the call may go. That thread makes the values of
// keys, too: a value is many small pieces of memory, best made where they are freed.
#pragma once

#include <condition_variable>
#include <future>
#include <mutex>
#include <optional>
#include <reading/reading.hpp>
#include <variant>
#include <vector>

namespace etcd {

class Belt {
 public:
  using Item = std::variant<snapcore::Value, KeyItem>;

  // [finder's thread] Waits while the other side is behind; its failure, once it has failed.
  Result<> put(Item item);
  // [finder's thread] Nothing follows.
  void end();

  // [call thread] Hands over until the end, or until `emit` fails.
  void hand_over(const Reading& reading);
  // [call thread] What is still put is refused.
  void stop();

 private:
  static constexpr std::size_t kMostItems = 512;
  static constexpr std::size_t kMostBytes = std::size_t{2} << 20;

  // Items come in batches: a wake-up costs more than an item.
  bool full() const { return items_.size() >= kMostItems || bytes_ >= kMostBytes; }
  std::vector<Item> take();
  void fail_with(snapcore::Error problem);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Item> items_;
  std::size_t bytes_ = 0;  // of the texts in them
  bool ended_ = false;
  std::optional<snapcore::Error> problem_;
};

// What `find` answers; it runs on a thread of its own, and what it emits goes to `reading` on this
// one, in the same order. An exception of either comes out here.
template <class Find>
auto found_beside(const Reading& reading, Find find) {
  Belt belt;
  // Both ends let go of the other, whatever happens to them. The future is waited for last.
  struct Stop {
    Belt& belt;
    ~Stop() { belt.stop(); }
  };
  auto found = std::async(std::launch::async, [&] {
    struct End {
      Belt& belt;
      ~End() { belt.end(); }
    } end{belt};
    return find(Reading{.canceled = reading.canceled,
                        .emit = [&](snapcore::Value item) { return belt.put(std::move(item)); },
                        .emit_key = [&](KeyItem item) { return belt.put(std::move(item)); }});
  });
  {
    const Stop stop{belt};
    belt.hand_over(reading);
  }
  return found.get();
}

}  // namespace etcd
