#include "reading/belt.hpp"

#include <utility>

namespace etcd {
namespace {

std::size_t bytes_in(const snapcore::Value& item) {
  std::size_t bytes = 0;
  for (const auto& [name, member] : item.members()) bytes += member.view().size();
  return bytes;
}

std::size_t bytes_in(const KeyItem& item) {
  std::size_t bytes = 0;
  for (const auto* text : {&item.key, &item.key_base64, &item.value, &item.value_base64})
    bytes += *text ? (*text)->size() : 0;
  if (item.words) {
    for (const std::string& line : *item.words) bytes += line.size();
  }
  return bytes;
}

}  // namespace

Result<> Belt::put(Item item) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return !full() || problem_; });
  if (problem_) return snapcore::fail(*problem_);
  bytes_ += std::visit([](const auto& found) { return bytes_in(found); }, item);
  items_.push_back(std::move(item));
  if (full()) changed_.notify_one();
  return {};
}

void Belt::end() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_one();
}

std::vector<Belt::Item> Belt::take() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return full() || ended_; });
  bytes_ = 0;
  changed_.notify_one();
  return std::exchange(items_, {});
}

void Belt::hand_over(const Reading& reading) {
  for (;;) {
    auto items = take();
    if (items.empty()) return;
    for (Item& item : items) {
      const auto done =
          std::visit([&](auto& found) { return reading.hand_over(std::move(found)); }, item);
      if (!done) return fail_with(done.error());
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
