// A run that comes to a phase which could not be planned before: planned now, shown, and asked
// about where it goes beyond its bounds.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/open_site.hpp"
#include "cli/run_leases.hpp"
#include "engine/executor.hpp"
#include "engine/planner.hpp"
#include "runbook/runbook.hpp"

namespace snapcore {

struct BorderPost {
  Invocation& invocation;
  OpenSite& site;
  const Runbook& runbook;
  const std::map<std::string, std::string>& params;
  std::vector<Waiver> waivers = {};
  std::vector<std::string> accept_loss = {};
  std::map<std::string, std::string> answers = {};
  std::optional<std::string> approve = {};  // digest of the phase, given with `resume`
  OnFailure on_failure = OnFailure::kRollback;
  RunLeases& leases;
  LeaseWish lease_wish = {};
  Journal& journal;
};

// The phase, when it may be done. As Executor::at_border wants it: "guard.", "approval." and
// "lease." hold the run, and their hint says how it is resumed.
Result<Admitted> pass_border(const BorderPost& post, const Border& border);

}  // namespace snapcore
