#include "engine/gate.hpp"

namespace snapcore {
namespace {

constexpr std::string_view kLater = "$later";

}  // namespace

std::string to_text(const Line& line) {
  if (line.number == 0) return line.file;
  return line.file + ":" + std::to_string(line.number);
}

Value later_value(std::string_view call, std::string_view field, std::string_view type) {
  return Value::object(
      {{kLater, Value::object({{"call", call}, {"field", field}, {"type", type}})}});
}

bool is_later(const Value& value) {
  return value.members().size() == 1 && value.at(kLater).is_object();
}

}  // namespace snapcore
