// Questions about a schema that need no validation.
#include <algorithm>

#include "plugin/schema.hpp"

namespace snapcore {
namespace {

const Value& schema_of_member(const Value& schema, std::string_view name) {
  const Value* inner = schema.at("properties").find(name);
  return inner ? *inner : schema.at("additionalProperties");
}

const Value& schema_of_item(const Value& schema, std::size_t index) {
  const Value& items = schema.at("items");
  if (!items.is_array()) return items;
  return index < items.items().size() ? items.items()[index] : schema.at("additionalItems");
}

std::string pointer_token(std::string_view name) {
  std::string token;
  for (const char c : name) {
    if (c == '~') {
      token += "~0";
    } else if (c == '/') {
      token += "~1";
    } else {
      token += c;
    }
  }
  return token;
}

void find_secrets(const Value& schema, const Value& value, const std::string& pointer,
                  std::vector<std::string>& found) {
  if (schema.at("x-secret").bool_or(false)) {
    found.push_back(pointer);
    return;
  }
  for (const auto& [name, member] : value.members()) {
    find_secrets(schema_of_member(schema, name), member, pointer + "/" + pointer_token(name),
                 found);
  }
  for (std::size_t i = 0; i < value.items().size(); ++i) {
    find_secrets(schema_of_item(schema, i), value.items()[i], pointer + "/" + std::to_string(i),
                 found);
  }
}

bool is_secret_object(const Value& value) {
  return value.members().size() == 1 && value.at("$secret").is_string();
}

}  // namespace

std::string property_type(const Value& schema, std::string_view property) {
  const Value& type = schema.at("properties").at(property).at("type");
  return type.text();
}

std::vector<std::string> secret_pointers(const Value& schema, const Value& value) {
  std::vector<std::string> found;
  find_secrets(schema, value, "", found);
  return found;
}

std::vector<std::string> property_names(const Value& schema) {
  const Value& properties = schema.at("properties");
  std::vector<std::string> names;
  for (const Value& name : schema.at("required").items()) {
    if (properties.has(name.text())) names.push_back(name.text());
  }
  for (const auto& [name, inner] : properties.members()) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

bool is_required(const Value& schema, std::string_view property) {
  const auto& required = schema.at("required").items();
  return std::any_of(required.begin(), required.end(), [&](const Value& name) {
    return name.is_string() && name.text() == property;
  });
}

Value with_secret_references(const Value& schema, Value value) {
  if (schema.at("x-secret").bool_or(false)) {
    return is_secret_object(value) ? value.at("$secret") : value;
  }
  if (value.is_object()) {
    Value::Object members;
    for (const auto& [name, member] : value.members()) {
      members.emplace(name, with_secret_references(schema_of_member(schema, name), member));
    }
    return members;
  }
  if (value.is_array()) {
    Value::Array items;
    for (std::size_t i = 0; i < value.items().size(); ++i) {
      items.push_back(with_secret_references(schema_of_item(schema, i), value.items()[i]));
    }
    return items;
  }
  return value;
}

}  // namespace snapcore
