// The texts that plugins and core hand each other, and those of journals, read in one pass.
#pragma once

#include <optional>
#include <snapcore/value.hpp>
#include <string_view>

namespace snapcore::detail {

// Nothing for whatever is rare or wrong: fractions, integers of more than 18 digits, characters
// beyond ASCII, \u, a name that stands twice, deep nesting. That is for the general parser to
// judge.
std::optional<Value> parse_plain_json(std::string_view text);

}  // namespace snapcore::detail
