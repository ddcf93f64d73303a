#include "cli/take_over.hpp"

#include "cli/audiences.hpp"
#include "cli/left_over.hpp"
#include "cli/run_records.hpp"
#include "cli/run_report.hpp"

namespace snapcore {
namespace {

std::string_view why(RunEnd::Was was) {
  switch (was) {
    case RunEnd::Was::kRollback: return "rollback";
    case RunEnd::Was::kAccept: return "accept";
    case RunEnd::Was::kRun: break;
  }
  return "resume";
}

}  // namespace

Result<ExitCode> take_over(Invocation& invocation, OpenRun& run, const TakeOver& what) {
  const auto wish = lease_wish(invocation.options);
  if (!wish) return fail(wish.error());
  const auto scratch = run.directory / "scratch";
  if (auto made = make_directories(run.fs, scratch); !made) return fail(made.error());
  warn_of_memory(invocation.output, run.state);
  RealSleeper sleeper;
  wait_for_left_over(invocation, run.id, sleeper);
  mark_children(run.id);
  auto leases = RunLeases::take(invocation, run.fs, run.state, run.id, run.saved.plan, *wish);
  if (!leases) return fail(leases.error());
  auto taken = run.journal->append(record::kResume, resume_body(why(what.was)));
  if (!taken) return fail(taken.error());
  if (auto noted = (*leases)->record(*run.journal); !noted) return fail(noted.error());

  const Stopwatch now = steady_stopwatch();
  const double began = now();
  const auto audience = make_audience(invocation.output);
  const RunReport report =
      what.work({.instances = run.site->instances,
                 .plan = run.saved.plan,
                 .history = run.history,
                 .run_id = run.id,
                 .journal = *run.journal,
                 .scratch_root = scratch,
                 .audience = *audience,
                 .cancelled = invocation.cancelled,
                 .may_act = [&](const PlannedCall&) { return (*leases)->may_act(); }},
                **leases);
  if (stands_half_way(report)) (*leases)->keep();
  invocation.output.clear_live();
  const RunEnd end{.run_id = run.id,
                   .journal = run.journal_path(),
                   .head = run.journal->head(),
                   .seconds = now() - began,
                   .typed = invocation.globals.typed,
                   .again = run.history.run().at("again").text(),
                   .was = what.was};
  tell_report(invocation.output, run.saved.plan, report, end);
  return exit_of(report, end);
}

}  // namespace snapcore
