// How a run ended, for people and as the result of --json.
#pragma once

#include "cli/output.hpp"
#include "cli/text/report_text.hpp"

namespace snapcore {

void tell_report(Output& output, const Plan& plan, const RunReport& report, const RunEnd& end);

}  // namespace snapcore
