#include "format/output_type.hpp"

#include <algorithm>

namespace tfstate {
namespace {

bool is_simple(const Node& type) {
  return type.kind == Json::kString && (type.text == "string" || type.text == "number" ||
                                        type.text == "bool" || type.text == "dynamic");
}

// The first element of a compound type; empty for anything else.
std::string_view compound(const Node& type) {
  if (type.kind != Json::kArray || type.items.size() < 2) return {};
  if (type.items.front().kind != Json::kString) return {};
  return type.items.front().text;
}

bool is_collection(std::string_view name) {
  return name == "list" || name == "set" || name == "map";
}

bool is_number_text(std::string_view text) {
  std::string copy(text);
  JsonReader reader{std::string_view(copy)};
  std::string raw;
  return reader.number(raw) && reader.finish();
}

bool fits_simple(const Node& value, std::string_view type) {
  const bool is_bool = value.kind == Json::kTrue || value.kind == Json::kFalse;
  if (type == "string") return value.is_scalar();
  if (type == "number") {
    return value.kind == Json::kNumber ||
           (value.kind == Json::kString && is_number_text(value.text));
  }
  if (type == "bool") {
    return is_bool ||
           (value.kind == Json::kString && (value.text == "true" || value.text == "false" ||
                                            value.text == "1" || value.text == "0"));
  }
  const Node* inner = value.find("value");
  const Node* its_type = value.find("type");
  return inner != nullptr && its_type != nullptr && is_output_type(*its_type) &&
         fits_output_type(*inner, *its_type);
}

}  // namespace

bool is_output_type(const Node& type) {
  if (is_simple(type)) return true;
  const std::string_view name = compound(type);
  if (name.empty()) return false;
  const Node& inner = type.items[1];
  if (is_collection(name)) return type.items.size() == 2 && is_output_type(inner);
  if (name == "tuple") {
    return type.items.size() == 2 && inner.kind == Json::kArray &&
           std::all_of(inner.items.begin(), inner.items.end(), is_output_type);
  }
  // A third element names the attributes that may be missing.
  return name == "object" && type.items.size() <= 3 && inner.kind == Json::kObject &&
         std::all_of(inner.members.begin(), inner.members.end(),
                     [](const auto& member) { return is_output_type(member.second); });
}

bool fits_output_type(const Node& value, const Node& type) {
  if (value.kind == Json::kNull) return true;
  if (is_simple(type)) return fits_simple(value, type.text);
  const std::string_view name = compound(type);
  const Node& inner = type.items[1];
  if (name == "list" || name == "set") {
    return value.kind == Json::kArray &&
           std::all_of(value.items.begin(), value.items.end(),
                       [&](const Node& item) { return fits_output_type(item, inner); });
  }
  if (name == "tuple") {
    return value.kind == Json::kArray &&
           std::equal(value.items.begin(), value.items.end(), inner.items.begin(),
                      inner.items.end(), fits_output_type);
  }
  if (value.kind != Json::kObject) return false;
  return std::all_of(value.members.begin(), value.members.end(), [&](const auto& member) {
    const Node* its_type = name == "map" ? &inner : inner.find(member.first);
    return its_type != nullptr && fits_output_type(member.second, *its_type);
  });
}

}  // namespace tfstate
