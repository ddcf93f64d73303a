// Prints what an operation hands over, while it still runs.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "cli/audiences.hpp"

namespace snapcore {

// For people an item is its `words`, a line or a list of lines, where it has any, else its JSON on
// one line; so is the result. With --json every item is a line {"type":"item","item":...}, and the
// result stands in the last one.
//
// Items come from the thread of the call, words of its log from another: any thread may call.
class ItemPrinter final : public Audience {
 public:
  explicit ItemPrinter(Output& output) : output_(output), log_(output) {}

  void item(const Value& item);
  // `of_items`: the operation hands over items, and for people they are all it has to show, also
  // when there are none, but for the result's words.
  void result(const Value& result, bool of_items);
  void log(int level, std::string_view instance, std::string_view message) override;
  // What was held back until it was worth writing; also when the call failed.
  void flush();
  // A warning, or worse, was among the words of its log.
  bool warned() const { return warned_; }

 private:
  std::string lines_of(const Value& value) const;
  void write();

  std::mutex mutex_;
  Output& output_;
  LogAudience log_;
  std::string pending_;
  bool any_ = false;
  std::atomic<bool> warned_ = false;
};

}  // namespace snapcore
