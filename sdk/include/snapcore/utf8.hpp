// Which bytes are text. The contract knows text only as UTF-8 (RFC 3629): overlong forms,
// surrogates, what lies above U+10FFFF and a sequence that is cut off are none.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace snapcore {

// All of it is UTF-8; so is the empty text.
bool is_utf8(std::string_view bytes);

// Bytes of the one sequence at the front, 1 to 4; 0 when there is none. For going through what is
// only partly text.
std::size_t utf8_sequence_length(std::string_view bytes);

// Whether one sequence is a character that nobody sees, and that may change how others are seen:
// control characters, those of writing direction, joiners, tags.
bool is_invisible(std::string_view sequence);

// For a line that people read: what is no text, what is_invisible() and a backslash stand as \xNN
// and \\, so that two names that differ never look the same.
std::string shown(std::string_view bytes);

}  // namespace snapcore
