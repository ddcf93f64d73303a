// From a runbook to a plan: planned twice, in two Lua states, and the same both times.
#pragma once

#include <map>
#include <string>

#include "engine/executor.hpp"
#include "engine/planner.hpp"
#include "runbook/runbook.hpp"

namespace snapcore {

// "plan.not_deterministic" names the first call that differs; else what the runbook failed with,
// its line first.
Result<Plan> make_plan(const PlanRequest& request, const Runbook& runbook,
                       const std::map<std::string, std::string>& params);

// A phase of it, once the run has come to where it begins: also twice, each time behind what was
// done before. Its guards, bounds and approval are the caller's.
Result<Plan> plan_phase(const PlanRequest& request, const Border& border, const Runbook& runbook,
                        const std::map<std::string, std::string>& params);

// The runbook that a plan carries: nothing is read from anywhere else.
Result<Runbook> runbook_of(const Plan& plan);

// `word` as it is typed: a file, else the name of a runbook that ships with snapcore.
Result<Runbook> find_runbook(const std::filesystem::path& word);

}  // namespace snapcore
