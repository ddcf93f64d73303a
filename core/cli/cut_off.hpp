// What is said when a second signal ends the process at once: whether a run had begun, and where
// to look.
#pragma once

#include <string_view>

namespace snapcore {

// From here on what `run` does may be cut off. `typed`: the global options, to be typed again.
void begin_what_may_be_cut_off(std::string_view run, std::string_view typed);

// For signal handlers: the words for people to `errors`, and the last line of --json to `results`
// where it is owed.
void tell_cut_off(int errors, int results);

}  // namespace snapcore
