#include <snapcore/sdk/planned.hpp>

namespace snapcore::sdk {

Planned::Planned(std::string first_effect) : value_(Value::object({{"effects", Value::array()}})) {
  if (!first_effect.empty()) effect(std::move(first_effect));
}

Planned& Planned::effect(std::string words) {
  value_["effects"].push_back(std::move(words));
  return *this;
}

Planned& Planned::predict_value(std::string_view member, Value value) {
  value_["predicted"][member] = std::move(value);
  return *this;
}

Planned& Planned::bytes(std::uint64_t count) {
  value_["cost"]["bytes"] = count;
  return *this;
}

Planned& Planned::seconds(std::uint64_t count) {
  value_["cost"]["seconds"] = count;
  return *this;
}

Planned& Planned::space(std::string where, std::uint64_t needed,
                        std::optional<std::uint64_t> free) {
  Value entry = Value::object({{"where", std::move(where)}, {"needed", needed}});
  if (free) entry["free"] = *free;
  value_["cost"]["space"].push_back(std::move(entry));
  return *this;
}

Planned& Planned::resource(std::string key) {
  value_["resources"].push_back(std::move(key));
  return *this;
}

Planned& Planned::undo(std::string words) {
  value_["undo"]["words"].push_back(std::move(words));
  return *this;
}

Planned& Planned::keeps(std::string words) {
  value_["keeps"].push_back(std::move(words));
  return *this;
}

Planned& Planned::shell(std::string line) {
  value_["shell"].push_back(std::move(line));
  return *this;
}

Planned& Planned::concern(Guard guard, std::string message) {
  value_["concerns"].push_back(
      Value::object({{"guard", sdk::to_value(guard)}, {"message", std::move(message)}}));
  return *this;
}

Planned& Planned::call(std::string_view label, const Instance& instance, std::string_view operation,
                       Value args) {
  value_["calls"].push_back(Value::object({{"label", label},
                                           {"instance", instance.name},
                                           {"operation", operation},
                                           {"args", std::move(args)}}));
  return *this;
}

Value Planned::later() {
  return Value::object({{"$later", Value::object({{"call", ""}, {"field", ""}, {"type", ""}})}});
}

}  // namespace snapcore::sdk
