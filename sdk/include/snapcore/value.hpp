// One JSON value, light enough for every header.
//
// Objects are kept sorted by key, integers stay integers, and dump() is canonical: the same value
// always gives the same bytes. Digests, fingerprints and the journal rely on it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <snapcore/error.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace snapcore {

class Value {
 public:
  using Array = std::vector<Value>;
  using Object = std::map<std::string, Value, std::less<>>;

  Value() = default;  // null
  Value(std::nullptr_t) {}
  Value(bool value) : data_(value) {}
  Value(const char* text) : data_(std::string(text)) {}
  Value(std::string text) : data_(std::move(text)) {}
  Value(std::string_view text) : data_(std::string(text)) {}
  Value(double number) : data_(number) {}
  Value(Array items) : data_(std::move(items)) {}
  Value(Object members) : data_(std::move(members)) {}

  // Any integer. One that does not fit std::int64_t is kept unsigned.
  template <class T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, int> = 0>
  Value(T number) {
    if constexpr (std::is_unsigned_v<T> && sizeof(T) == sizeof(std::uint64_t)) {
      if (number > static_cast<T>(INT64_MAX)) {
        data_ = static_cast<std::uint64_t>(number);
        return;
      }
    }
    data_ = static_cast<std::int64_t>(number);
  }

  // object({{"size", 3}, {"ref", "a"}})
  static Value object(std::initializer_list<std::pair<std::string_view, Value>> members = {});
  static Value array(std::initializer_list<Value> items = {}) { return Value(Array(items)); }

  bool is_null() const { return std::holds_alternative<std::monostate>(data_); }
  bool is_bool() const { return std::holds_alternative<bool>(data_); }
  bool is_integer() const {
    return std::holds_alternative<std::int64_t>(data_) ||
           std::holds_alternative<std::uint64_t>(data_);
  }
  bool is_number() const { return is_integer() || std::holds_alternative<double>(data_); }
  bool is_string() const { return std::holds_alternative<std::string>(data_); }
  bool is_array() const { return std::holds_alternative<Array>(data_); }
  bool is_object() const { return std::holds_alternative<Object>(data_); }
  std::string_view type_name() const;  // "null", "boolean", "integer", "number", "string", ...

  // Readers with a fallback: the value when it has the type, else `otherwise`.
  bool bool_or(bool otherwise) const;
  std::int64_t int_or(std::int64_t otherwise) const;
  std::uint64_t uint_or(std::uint64_t otherwise) const;
  double number_or(double otherwise) const;
  std::string string_or(std::string_view otherwise) const;
  std::string text() const { return string_or(""); }
  // The text without a copy; valid while the value is unchanged.
  std::string_view view() const;

  // Empty when the value is something else.
  const Array& items() const;
  const Object& members() const;

  // The member, or null (the shared null value) when absent or when this is not an object.
  const Value& at(std::string_view key) const;
  const Value* find(std::string_view key) const;
  bool has(std::string_view key) const { return find(key) != nullptr; }

  // Makes this an object (from null) and the member when absent.
  Value& operator[](std::string_view key);
  // Makes this an array (from null) and appends.
  void push_back(Value item);
  bool erase(std::string_view key);

  std::string dump() const;                           // canonical: sorted keys, no white space
  std::string pretty(int indent = 2) const;           // for people
  static Result<Value> parse(std::string_view text);  // "json.malformed" with the byte offset

  friend bool operator==(const Value& a, const Value& b) { return a.data_ == b.data_; }

 private:
  std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string, Array,
               Object>
      data_;
};

// Hooks for authors who prefer nlohmann::json: `nlohmann::json j = value;` and
// `j.get<snapcore::Value>()`.
void to_json(nlohmann::json& json, const Value& value);
void from_json(const nlohmann::json& json, Value& value);

// The wire form of an error: {code, category, message, hint, outcome, cause}.
Value to_value(const Error& error);
Error error_from(const Value& value);

}  // namespace snapcore
