// Prints what an operation hands over, while it still runs.
#pragma once

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
  void result(const Value& result);
  void log(int level, std::string_view instance, std::string_view message) override;
  // What was held back until it was worth writing; also when the call failed.
  void flush();

 private:
  std::string lines_of(const Value& value) const;
  void write();

  std::mutex mutex_;
  Output& output_;
  LogAudience log_;
  std::string pending_;
  bool any_ = false;
};

}  // namespace snapcore
