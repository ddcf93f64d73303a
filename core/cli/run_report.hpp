// How a run ended, for people and as the result of --json.
#pragma once

#include "cli/output.hpp"
#include "cli/text/report_text.hpp"

namespace snapcore {

// A journal in memory is gone with the next start of the machine, and with it the way back.
void warn_of_memory(Output& output, const std::filesystem::path& state);

void tell_report(Output& output, const Plan& plan, const RunReport& report, const RunEnd& end);

}  // namespace snapcore
