// A person decides about a run: the acts are named, and somebody says yes.
#pragma once

#include <array>
#include <string>

#include "cli/command.hpp"
#include "cli/open_run.hpp"
#include "cli/run_options.hpp"

namespace snapcore {

inline constexpr std::array kDecisionOptions = {Option{"yes", "", "do it without being asked"}};

struct Decision {
  std::string what;  // completes "This will ..."
  const OpenRun& run;
  bool takes_back = false;  // what the runbook adds to the way back is made, too
};

// Every act that stands, newest first: how it is taken back, or what is gone for good when it is
// accepted.
std::string what_is_taken_back(const Plan& plan, const History& history);
std::string what_is_let_go(const Plan& plan, const History& history);

// Shows which acts stand, then asks at the terminal. "approval.missing" at once when there is
// nobody to ask and --yes was not given; "approval.declined".
Result<> decide(Invocation& invocation, const Decision& decision);

}  // namespace snapcore
