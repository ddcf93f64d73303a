#include "cli/run_state.hpp"

#include "base/text.hpp"
#include "cli/exit_code.hpp"

namespace snapcore {
namespace {

std::string renewed_when(const Lease& lease, Time now) {
  return describe_age(std::max(now - lease.renewed, std::chrono::seconds(0))) + " ago, at " +
         to_rfc3339(lease.renewed);
}

}  // namespace

bool never_began(const RunSummary& run) {
  return run.problem ? run.problem->code == "journal.empty" : !run.started;
}

bool is_over(const RunSummary& run) {
  if (!run.ended) return false;
  if (run.accepted_by) return !run.rollback_error;
  const auto exit = static_cast<ExitCode>(run.exit.value_or(0));
  return exit != ExitCode::kNeedsPerson && exit != ExitCode::kInterrupted;
}

Remains remains_of(Runs& runs, const std::string& id) {
  const auto run = runs.summary(id);
  if (!run) return run.error().code == "state.unknown_run" ? Remains::kNoRun : Remains::kSomething;
  if (never_began(*run)) return Remains::kNothing;
  return !run->problem && is_over(*run) ? Remains::kNothing : Remains::kSomething;
}

std::optional<LastSeen> last_seen(const std::vector<Lease>& leases, const Processes& processes,
                                  const std::string& run) {
  const Lease* latest = nullptr;
  for (const Lease& lease : leases) {
    if (lease.released || lease.holder.run != run) continue;
    if (!latest || latest->renewed < lease.renewed) latest = &lease;
  }
  if (!latest) return std::nullopt;
  return LastSeen{*latest, processes.look_for(latest->holder)};
}

bool may_go_on(const std::optional<LastSeen>& seen, Time now) {
  if (!seen || seen->process == Liveness::kGone) return false;
  return seen->process == Liveness::kRunning || seen->lease.expires > now;
}

std::string words_without_an_end(const std::optional<LastSeen>& seen, Time now) {
  if (!seen || seen->process == Liveness::kGone) return "was cut off before it ended";
  if (seen->process == Liveness::kRunning) return "still goes on";
  const std::string host = printable(seen->lease.holder.host, 64);
  const std::string when = renewed_when(seen->lease, now);
  if (may_go_on(seen, now))
    return "goes on on " + host + ", as far as its lease says: renewed " + when;
  return "has no end, and its process on " + host +
         " cannot be seen from here: its lease was renewed last " + when;
}

}  // namespace snapcore
