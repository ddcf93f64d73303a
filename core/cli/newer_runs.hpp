// Runs that acted later on what a run acted on. Taken back below them, or gone on with, it would
// put what was there before in the place of what they did.
#pragma once

#include <snapcore/error.hpp>

#include "cli/command.hpp"
#include "cli/open_run.hpp"

namespace snapcore {

// A run that is only looked at, or open.
struct RunInView {
  const std::string& id;
  const Path& state;
  FileSystem& fs;
  const Plan& plan;
  const History& history;
};
RunInView in_view(OpenRun& run);

// "run.newer_run" names them, newest first, by the numbers of their leases: the time in a run's
// name is that of a clock that may have been set back.
Result<> check_nothing_newer(Invocation& invocation, OpenRun& run);
// The same, and does not wait for one that goes on.
Result<> check_nothing_newer_now(Invocation& invocation, const RunInView& run);

// Did the run do anything that is not yet taken back, beside what it staged?
bool stands_live(const Plan& plan, const History& history);

}  // namespace snapcore
