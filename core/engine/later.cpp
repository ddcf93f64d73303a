#include "engine/later.hpp"

#include "engine/gate.hpp"
#include "engine/scopes.hpp"

namespace snapcore {

Result<Value> resolve_later(const Value& value, const ResultOf& result_of) {
  if (is_later(value)) {
    const Value& later = value.at("$later");
    const std::string field = later.at("field").text();
    const Value* result = result_of(later.at("call").text());
    if (result && result->has(field)) return result->at(field);
    return fail(
        {.code = "run.unknown_value",
         .message = "'" + field + "' of call " + later.at("call").text() + " is still not known",
         .category = Category::kInternal});
  }
  if (value.is_object()) {
    Value::Object members;
    for (const auto& [key, member] : value.members()) {
      auto resolved = resolve_later(member, result_of);
      if (!resolved) return resolved;
      members.emplace(key, std::move(*resolved));
    }
    return Value(std::move(members));
  }
  if (value.is_array()) {
    Value::Array items;
    for (const Value& item : value.items()) {
      auto resolved = resolve_later(item, result_of);
      if (!resolved) return resolved;
      items.push_back(std::move(*resolved));
    }
    return Value(std::move(items));
  }
  return value;
}

Value resolve_known(const Value& value, const ResultOf& result_of) {
  if (is_later(value)) {
    auto resolved = resolve_later(value, result_of);
    return resolved ? *resolved : value;
  }
  Value known = value;
  for (const auto& [key, member] : value.members()) known[key] = resolve_known(member, result_of);
  if (!value.is_array()) return known;
  Value::Array items;
  for (const Value& item : value.items()) items.push_back(resolve_known(item, result_of));
  return Value(std::move(items));
}

bool names_call_in(const Value& value, std::string_view scope) {
  if (is_later(value)) return stands_in(value.at("$later").at("call").view(), scope);
  return std::any_of(value.items().begin(), value.items().end(),
                     [&](const Value& item) { return names_call_in(item, scope); }) ||
         std::any_of(value.members().begin(), value.members().end(),
                     [&](const auto& member) { return names_call_in(member.second, scope); });
}

}  // namespace snapcore
