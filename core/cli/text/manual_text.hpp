// A plan as a bash script of stock tools: for whoever has no snapcore, or does not want it.
//
// The commands are the plugins' own (`shell` in the plan contract). Nothing guards them as a run is
// guarded: the script says so, ends at the first command that fails, and waits for a person where
// an act has no commands.
#pragma once

#include <string>

#include "engine/plan.hpp"

namespace snapcore {

std::string manual_text(const Plan& plan);

}  // namespace snapcore
