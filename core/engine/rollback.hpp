// What can be done with a run from its journal alone, without its runbook: take it back, or let go
// of what it kept for that.
#pragma once

#include "engine/executor.hpp"

namespace snapcore {

struct PastRun {
  Instances& instances;
  const Plan& plan;
  const History& history;
  std::string run_id;
  Journal& journal;
  std::filesystem::path scratch_root;
  Audience& audience;
  const std::atomic<bool>& cancelled;
  std::function<Result<>(const PlannedCall&)> may_act = {};
  std::string who = {};  // decided it; stands in the journal
};

// Newest first, until nothing is left or one cannot be taken back; what remains is in the report.
// What was taken back before is not taken back again, so that it can be called until it is done.
// Writes the journal's last record.
RunReport roll_back(const PastRun& run);

// Nobody wants it back: what was kept is released, what was only staged is discarded. The decision
// is on record before the first of it; given again, it goes on with what is left. Ends with what
// could not be let go in the report. How the run ended stays what it was: acceptance stands beside
// it.
RunReport accept(const PastRun& run);

// How the run ended, as it stands in the journal whoever accepts it: {ending, exit, ...}.
Value outcome_of(const History& history);

}  // namespace snapcore
