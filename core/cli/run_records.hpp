// What a run writes about itself: who, where, with what.
#pragma once

#include <string>

#include "cli/execution.hpp"
#include "engine/plan.hpp"
#include "journal/runs.hpp"

namespace snapcore {

// Who started this: the account, and behind sudo the person.
std::string operator_name();

// Everything a run needs later is copied into its directory.
RunFiles files_of(const Execution& execution, const Site& site);

// Bodies of the records "run", "approval" and "resume".
Value run_body(const Execution& execution, const std::string& run_id, std::string_view started);
Value approval_body(const Execution& execution);
Value resume_body(std::string_view why);

}  // namespace snapcore
