// The way back of a run by its plan and its journal alone, without its plugins: what would be taken
// back in which order, where that ends, and how a person does the same.
#pragma once

#include <string>
#include <vector>

#include "engine/executor.hpp"

namespace snapcore {

// All that stands, what is taken back first before all else; what the runbook adds among it. A call
// that the plan does not know is told by what the journal has of it.
std::vector<BackStep> way_back_of(const Plan& plan, const History& history);

}  // namespace snapcore
