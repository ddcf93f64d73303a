// What the tool says as JSON lines (plan -json, apply -json): its errors, told without the values
// that it shows beside them. Whatever else stands there is passed over.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tfstate {

// "Invalid provider configuration: the first sentence of the detail". Nothing where the line is no
// error of the tool.
std::optional<std::string> error_in_line(std::string_view line);

// The first error among the lines; nothing when there is none.
std::optional<std::string> first_error(std::string_view lines);

// The first error that it drew for people, with its frame; else the last line that is not empty.
std::string error_in_text(std::string_view text);

}  // namespace tfstate
