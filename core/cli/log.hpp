// Log lines for people, on stderr.
#pragma once

#include <string_view>

#include "cli/output.hpp"

namespace snapcore {

// Levels are those of the plugin contract: 0 debug, 1 info, 2 warning, 3 error. Debug is shown with
// --verbose alone. `output` must live as long as anything is logged.
void start_log(Output& output);

// With --json an event "log"; else a line with the time, the level and who says it.
void log_line(Output& output, int level, std::string_view instance, std::string_view message);

}  // namespace snapcore
