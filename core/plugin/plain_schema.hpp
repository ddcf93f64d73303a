// A schema of types, names, lengths and required members only, as most are, checked in one walk.
//
// A listing checks every item that a plugin hands over. The general validator wants a copy of the
// value in a shape of its own, which costs more than making the item did.
#pragma once

#include <optional>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snapcore {

class PlainSchema {
 public:
  // Nothing when the schema says more than this class understands: marks, patterns, definitions
  // made of definitions, several alternatives.
  static std::optional<PlainSchema> of(const Value& schema);

  // True only for values that the general validator accepts, too. What is refused here is for it to
  // judge and to put into words.
  bool fits(const Value& value) const;

 private:
  bool accepts(const Value& value) const;
  bool holds_members(const Value::Object& members) const;
  static std::optional<PlainSchema> of(const Value& schema, const Value& definitions);
  static std::optional<PlainSchema> of_reference(const Value& schema, const Value& definitions);
  bool read(std::string_view keyword, const Value& content, const Value& definitions);
  bool read_types(const Value& type);
  bool read_members(const Value& properties, const Value& definitions);

  unsigned types_ = 0;  // 0 allows all
  std::optional<std::int64_t> least_ = {};
  std::size_t enough_bytes_ = 0;           // a text of so many is long enough
  std::vector<std::string> allowed_ = {};  // texts of an enum; empty allows all
  std::vector<std::pair<std::string, PlainSchema>> members_ = {};  // by name
  bool closed_ = false;
  bool required_ = false;               // as a member of the object around it
  std::vector<PlainSchema> item_ = {};  // of a list: one or none
};

}  // namespace snapcore
