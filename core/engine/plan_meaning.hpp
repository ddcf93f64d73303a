// What the approval of a plan means: what its digest covers, as JSON.
#pragma once

#include "engine/plan.hpp"

namespace snapcore {

inline constexpr std::string_view kPlanFormat = "snapcore-plan";
inline constexpr int kPlanVersion = 1;

Value meaning(const PlannedCall& call);
Value meaning(const PlannedPart& part);
Value meaning(const PlannedRestore& restore);
Value meaning(const Plan& plan);

}  // namespace snapcore
