// Taking a whole run back, from what its journal says and without its runbook.
#pragma once

#include "engine/executor.hpp"

namespace snapcore {

struct RollbackRequest {
  Instances& instances;
  const Plan& plan;
  const History& history;
  std::string run_id;
  Journal& journal;
  std::filesystem::path scratch_root;
  Audience& audience;
  const std::atomic<bool>& cancelled;
  std::function<Result<>(const PlannedCall&)> may_act = {};
};

// Newest first, until nothing is left or one cannot be taken back; what remains is in the report.
// What was taken back before is not taken back again, so that it can be called until it is done.
// Writes the journal's last record.
RunReport roll_back(const RollbackRequest& request);

}  // namespace snapcore
