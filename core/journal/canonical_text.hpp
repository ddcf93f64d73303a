// Tells canonical JSON by its text alone, without making a tree of it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace snapcore {

// Where the value that begins at `at` ends, when it stands there as Value::dump() writes it.
//
// Nothing does not mean that the text is wrong: fractions, integers of more than 18 digits, names
// with an escape in them and deep nesting are left to who parses it and dumps it again.
std::optional<std::size_t> end_of_canonical(std::string_view text, std::size_t at = 0);

}  // namespace snapcore
