// A run whose journal is damaged or lost can be neither gone on with nor taken back. What a person
// can still learn of it and do.
#pragma once

#include <vector>

#include "cli/text/page.hpp"
#include "engine/history.hpp"
#include "engine/plan.hpp"
#include "journal/runs.hpp"
#include "lease/lease.hpp"

namespace snapcore {

struct DamagedRun {
  const RunSummary& run;
  const Plan& plan;        // empty where that is gone, too
  const History& history;  // of the records that can be read
  const std::vector<Lease>& held;
};

// Not one that never began, or that another snapcore can read.
bool is_damaged(const RunSummary& run);

// Acts of the plan that the readable records do not have, the last one first: behind them the way
// back begins.
void show_what_may_have_been_done(Page& page, const DamagedRun& damaged);

void show_way_out(Page& page, const DamagedRun& damaged);

}  // namespace snapcore
