// What snapcore adds to JSON Schema: which keywords may stand in a schema, and what the marks
// demand.
#pragma once

#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>

namespace snapcore {

// A place in a value and what is wrong there, both in the operator's words.
struct Misfit {
  std::string path;  // "members[1].peer", "" for the value itself
  std::string problem;
};

// "members" + "peer" -> "members.peer"; a name that is not a plain word stands as ["it is"].
std::string member_path(const std::string& parent, std::string_view name);
std::string item_path(const std::string& parent, std::size_t index);

// "schema.invalid" for a keyword or mark that does not exist, or a mark that makes no sense.
Result<> check_keywords(const Value& schema);

// What the marks and the length of texts that meet a `pattern` demand. `value` has its secrets as
// references.
std::optional<Misfit> check_marks(const Value& schema, const Value& value);

}  // namespace snapcore
