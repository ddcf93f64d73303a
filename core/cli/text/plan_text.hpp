// The plan as people read it before they approve it.
#pragma once

#include <string>
#include <vector>

#include "cli/text/page.hpp"
#include "engine/plan.hpp"
#include "site/site.hpp"

namespace snapcore {

struct PlanTextOptions {
  double space_margin = 0.20;  // of the site's policy
  OnFailure on_failure = OnFailure::kRollback;
  std::vector<std::string> next = {};  // commands to type next; may be empty
  std::string phase = {};              // the plan is that of this phase alone, made in a run
};

std::string plan_text(const Plan& plan, const PlanTextOptions& options, const Style& style);

}  // namespace snapcore
