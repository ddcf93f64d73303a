// How old an artifact is by the time it carries.
#pragma once

#include <chrono>
#include <string>

namespace snapcore {

// Clocks differ by so much that nobody needs to hear of it.
inline constexpr std::chrono::minutes kClocksDiffer{5};

// The time lies in the future: some clock was wrong, and the true age is not known.
inline bool is_ahead(std::chrono::seconds age) { return age < -kClocksDiffer; }

// "3 h 12 min old", or "a time 9 h 0 min in the future: a clock was wrong, and its age is not
// known"
std::string age_in_words(std::chrono::seconds age);

}  // namespace snapcore
