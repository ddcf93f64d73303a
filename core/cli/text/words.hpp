// Small pieces of text that plan, report and help share.
#pragma once

#include <snapcore/value.hpp>
#include <string>
#include <string_view>

#include "base/text.hpp"

namespace snapcore {

// "0.4 s", "12 s", "3 min 5 s", "2 h 10 min"
std::string describe_seconds(double seconds);

// The first 12 digits: enough to compare by eye and to approve by.
std::string short_digest(std::string_view hex);

// One word of a shell command, quoted where it must be.
std::string shell_word(std::string_view text);

// A value as a reader expects it in a sentence: text without quotes, anything else as JSON.
std::string plain_text(const Value& value);

}  // namespace snapcore
