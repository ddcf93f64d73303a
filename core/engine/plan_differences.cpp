// Where two plans differ, for a person.
#include "engine/plan_meaning.hpp"

namespace snapcore {
namespace {

// Compares two values member by member; `path` names where.
void compare(const std::string& path, const Value& approved, const Value& now,
             std::vector<std::string>& lines) {
  if (approved == now) return;
  if (approved.is_object() && now.is_object()) {
    for (const auto& [key, member] : approved.members()) {
      compare(path.empty() ? key : path + "." + key, member, now.at(key), lines);
    }
    for (const auto& [key, member] : now.members()) {
      if (!approved.has(key))
        compare(path.empty() ? key : path + "." + key, Value(), member, lines);
    }
    return;
  }
  if (approved.is_array() && now.is_array() && approved.items().size() == now.items().size()) {
    for (std::size_t i = 0; i < now.items().size(); ++i) {
      compare(path + "[" + std::to_string(i + 1) + "]", approved.items()[i], now.items()[i], lines);
    }
    return;
  }
  const auto shown = [](const Value& value) {
    return value.is_null() ? std::string("absent") : value.dump();
  };
  lines.push_back(path + ": approved plan " + shown(approved) + ", this run " + shown(now));
}

// Lists by a member that names each item, so that one inserted item does not shift the rest.
Value keyed(const Value& list, std::string_view key) {
  Value::Object by_name;
  for (const Value& item : list.items()) by_name[item.at(key).text()] = item;
  return by_name;
}

}  // namespace

std::vector<std::string> differences(const Plan& approved, const Plan& now) {
  const auto arranged = [](const Plan& plan) {
    Value value = meaning(plan);
    Value::Object calls;
    Value::Array order;
    for (const Value& phase : value.at("phases").items()) {
      order.push_back("phase " + phase.at("name").text());
      for (const Value& call : phase.at("calls").items()) {
        order.push_back(call.at("id"));
        Value entry = call;
        entry.erase("id");
        calls["call " + call.at("id").text()] = std::move(entry);
      }
    }
    value.erase("phases");
    value["calls"] = std::move(calls);
    value["order"] = std::move(order);
    value["parts"] = keyed(value.at("parts"), "id");
    value["code"] = keyed(value.at("code"), "name");
    value["plugins"] = keyed(value.at("plugins"), "id");
    value["restores"] = keyed(value.at("restores"), "id");
    return value;
  };
  std::vector<std::string> lines;
  compare("", arranged(approved), arranged(now), lines);
  return lines;
}

}  // namespace snapcore
