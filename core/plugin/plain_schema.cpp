#include "plugin/plain_schema.hpp"

#include <algorithm>
#include <array>

namespace snapcore {
namespace {

enum Type : unsigned {
  kNull = 1,
  kBoolean = 2,
  kInteger = 4,
  kNumber = 8,
  kString = 16,
  kArray = 32,
  kObject = 64,
};

constexpr std::array<std::pair<std::string_view, unsigned>, 7> kTypes = {
    {{"null", kNull},
     {"boolean", kBoolean},
     {"integer", kInteger},
     {"number", kInteger | kNumber},
     {"string", kString},
     {"array", kArray},
     {"object", kObject}}};

constexpr std::array<std::string_view, 9> kAnnotations = {"$comment", "title",     "description",
                                                          "default",  "examples",  "readOnly",
                                                          "format",   "writeOnly", "$schema"};

constexpr std::int64_t kLongestCounted = 1'000'000;

// The bit of a type's name; 0 for one that does not exist.
unsigned named_type(std::string_view name) {
  const auto found = std::find_if(kTypes.begin(), kTypes.end(),
                                  [&](const auto& type) { return type.first == name; });
  return found == kTypes.end() ? 0 : found->second;
}

unsigned type_of(const Value& value) {
  if (value.is_string()) return kString;
  if (value.is_integer()) return kInteger;
  if (value.is_object()) return kObject;
  if (value.is_array()) return kArray;
  if (value.is_bool()) return kBoolean;
  return value.is_null() ? kNull : kNumber;
}

}  // namespace

std::optional<PlainSchema> PlainSchema::of(const Value& schema) {
  Value rest = schema;
  rest.erase("definitions");
  return of(rest, schema.at("definitions"));
}

std::optional<PlainSchema> PlainSchema::of(const Value& schema, const Value& definitions) {
  if (!schema.is_object()) return std::nullopt;
  if (schema.has("$ref")) return of_reference(schema, definitions);
  PlainSchema plain;
  for (const auto& [keyword, content] : schema.members()) {
    // "properties" comes before "required": members are sorted by name.
    if (!plain.read(keyword, content, definitions)) return std::nullopt;
  }
  return plain;
}

// A definition that refers to others is not taken: written out they might grow without end.
std::optional<PlainSchema> PlainSchema::of_reference(const Value& schema,
                                                     const Value& definitions) {
  constexpr std::string_view kPlace = "#/definitions/";
  const std::string_view target = schema.at("$ref").view();
  if (schema.members().size() != 1 || !target.starts_with(kPlace)) return std::nullopt;
  const Value* definition = definitions.find(target.substr(kPlace.size()));
  return definition ? of(*definition, Value()) : std::nullopt;
}

bool PlainSchema::read(std::string_view keyword, const Value& content, const Value& definitions) {
  if (std::find(kAnnotations.begin(), kAnnotations.end(), keyword) != kAnnotations.end())
    return true;
  if (keyword == "type") return read_types(content);
  if (keyword == "properties") return read_members(content, definitions);
  if (keyword == "additionalProperties") {
    closed_ = content.is_bool() && !content.bool_or(true);
    return content.is_bool();
  }
  if (keyword == "minimum") {
    least_ = content.int_or(0);
    return content.is_integer() && content.uint_or(1) <= INT64_MAX;
  }
  if (keyword == "minLength") {
    // Characters are counted, and have up to four bytes; what is too short that way may still fit.
    const auto least = content.int_or(-1);
    if (least < 0 || least > kLongestCounted) return false;
    enough_bytes_ = static_cast<std::size_t>(least <= 1 ? least : 4 * least);
    return true;
  }
  if (keyword == "items") {
    auto inner = of(content, definitions);
    if (inner) item_.push_back(std::move(*inner));
    return inner.has_value();
  }
  if (keyword == "enum") {
    for (const Value& one : content.items()) {
      if (!one.is_string()) return false;
      allowed_.push_back(one.text());
    }
    return !allowed_.empty();
  }
  if (keyword != "required") return false;
  for (const Value& name : content.items()) {
    const auto member = std::find_if(members_.begin(), members_.end(),
                                     [&](const auto& one) { return one.first == name.view(); });
    if (member == members_.end()) return false;
    member->second.required_ = true;
  }
  return content.is_array();
}

bool PlainSchema::read_types(const Value& type) {
  if (type.is_string()) return (types_ = named_type(type.view())) != 0;
  for (const Value& one : type.items()) {
    const unsigned bit = named_type(one.view());
    if (bit == 0) return false;
    types_ |= bit;
  }
  return types_ != 0;
}

bool PlainSchema::read_members(const Value& properties, const Value& definitions) {
  for (const auto& [name, content] : properties.members()) {
    auto inner = of(content, definitions);
    if (!inner) return false;
    members_.emplace_back(name, std::move(*inner));
  }
  return properties.is_object();
}

bool PlainSchema::fits(const Value& value) const {
  if (!accepts(value)) return false;
  if (value.is_object()) return holds_members(value.members());
  if (item_.empty()) return true;
  const auto& items = value.items();
  return std::all_of(items.begin(), items.end(),
                     [&](const Value& item) { return item_.front().fits(item); });
}

bool PlainSchema::accepts(const Value& value) const {
  if (types_ != 0 && (types_ & type_of(value)) == 0) return false;
  if (value.is_string() && value.view().size() < enough_bytes_) return false;
  if (!allowed_.empty() && !(value.is_string() && std::find(allowed_.begin(), allowed_.end(),
                                                            value.view()) != allowed_.end()))
    return false;
  if (!least_ || !value.is_number()) return true;
  return value.int_or(INT64_MIN) >= *least_;
}

// Both sides are sorted by name.
bool PlainSchema::holds_members(const Value::Object& members) const {
  auto known = members_.begin();
  for (const auto& [name, member] : members) {
    for (; known != members_.end() && known->first < name; ++known) {
      if (known->second.required_) return false;
    }
    if (known == members_.end() || known->first != name) {
      if (closed_) return false;
      continue;
    }
    if (!known->second.fits(member)) return false;
    ++known;
  }
  return std::none_of(known, members_.end(), [](const auto& one) { return one.second.required_; });
}

}  // namespace snapcore
