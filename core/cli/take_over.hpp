// Another process takes a run over: its leases, its journal, somebody who watches, a report.
#pragma once

#include <functional>
#include <string_view>

#include "cli/open_run.hpp"
#include "cli/run_leases.hpp"
#include "cli/run_options.hpp"
#include "cli/text/report_text.hpp"
#include "engine/rollback.hpp"

namespace snapcore {

struct TakeOver {
  RunEnd::Was was = RunEnd::Was::kRun;
  std::function<RunReport(const PastRun& run, RunLeases& leases)> work;
};

// The exit code; the report was shown. An error says that nothing was begun.
Result<ExitCode> take_over(Invocation& invocation, OpenRun& run, const TakeOver& what);

// Executes the run's plan with its own runbook; what was done answers from the journal. What is
// wished beside that is for its failures and for its phases.
Result<ExitCode> go_on(Invocation& invocation, OpenRun& run, const RunWish& wish);

}  // namespace snapcore
