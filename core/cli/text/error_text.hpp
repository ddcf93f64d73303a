// An error as people read it: what, why, what to do; then the state now and the next command.
#pragma once

#include <snapcore/error.hpp>
#include <string>

#include "cli/text/page.hpp"

namespace snapcore {

// The options that were typed, in every command of its hints: at the beginning of a line, or in
// quotes. `typed` begins with a space, or is empty.
Error with_options(Error error, const std::string& typed);

// The message with its code, its hint, and what caused it, each cause deeper.
void error_lines(Page& page, std::size_t indent, const Error& error);

struct ErrorSurroundings {
  std::string state = {};  // "nothing was changed"
  std::string next = {};   // a command to type
};

std::string error_text(const Error& error, const ErrorSurroundings& around, const Style& style);

}  // namespace snapcore
