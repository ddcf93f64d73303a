// Executing an approved plan: the state directory, the lock, the journal, the run, its report.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cli/approval.hpp"
#include "cli/command.hpp"
#include "cli/open_site.hpp"
#include "cli/run_options.hpp"
#include "engine/planner.hpp"

namespace snapcore {

struct Execution {
  const Plan& plan;
  bool saved = false;  // from a file: it is used once
  Approval approval = {};
  OnFailure on_failure = OnFailure::kRollback;
  std::string runbook = {};
  std::map<std::string, std::string> params = {};
  std::vector<Waiver> waivers = {};
  std::map<std::string, std::string> answers = {};  // to what its phases may ask
  std::string again = {};
  LeaseWish leases = {};
};

// An error says that the run did not begin: "lease.held", "plan.already_used",
// "state.not_writable".
Result<ExitCode> execute(Invocation& invocation, OpenSite& site, const Execution& execution);

}  // namespace snapcore
