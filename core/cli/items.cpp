#include "cli/items.hpp"

#include <utility>

namespace snapcore {
namespace {

constexpr int kWarning = 2;  // of the levels of the plugin contract
constexpr std::size_t kWorthWriting = std::size_t{64} << 10;

}  // namespace

std::string ItemPrinter::lines_of(const Value& value) const {
  const Value& words = value.at("words");
  if (words.is_string()) return shown(output_.out_style(), words.view()) + "\n";
  if (!words.is_array()) return value.dump() + "\n";
  std::string lines;
  for (const Value& line : words.items()) lines += shown(output_.out_style(), line.view()) + "\n";
  return lines;
}

void ItemPrinter::item(const Value& item) {
  const std::lock_guard lock(mutex_);
  any_ = true;
  pending_ += output_.json() ? Value::object({{"type", "item"}, {"item", item}}).dump() + "\n"
                             : lines_of(item);
  if (pending_.size() >= kWorthWriting) write();
}

void ItemPrinter::result(const Value& result, bool of_items) {
  const std::lock_guard lock(mutex_);
  if (output_.json()) {
    output_.add_to_result("result", result);
  } else if (result.has("words")) {
    pending_ += lines_of(result);
  } else if (!any_ && !of_items) {
    pending_ += result.pretty() + "\n";
  }
  write();
}

void ItemPrinter::log(int level, std::string_view instance, std::string_view message) {
  const std::lock_guard lock(mutex_);
  if (level >= kWarning) warned_ = true;
  write();  // what came before is read before
  log_.log(level, instance, message);
}

void ItemPrinter::flush() {
  const std::lock_guard lock(mutex_);
  write();
}

void ItemPrinter::write() {
  if (pending_.empty()) return;
  const std::string text = std::exchange(pending_, {});
  output_.json() ? output_.print_events(text) : output_.print(text);
}

}  // namespace snapcore
