#include "cli/take_over.hpp"

#include "cli/audiences.hpp"
#include "cli/border.hpp"
#include "cli/left_over.hpp"
#include "cli/newer_runs.hpp"
#include "cli/planning.hpp"
#include "cli/run_records.hpp"
#include "cli/run_report.hpp"
#include "engine/executor.hpp"

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

// As asked for now, else as the run began with.
OnFailure on_failure_of(const RunWish& wish, const OpenRun& run) {
  const auto begun_with = on_failure_from(run.history.run().at("on_failure").text());
  return wish.on_failure.value_or(begun_with.value_or(OnFailure::kRollback));
}

// With what was waived when it began.
std::vector<Waiver> waivers_of(const RunWish& wish, const OpenRun& run) {
  std::vector<Waiver> waivers = wish.waivers;
  waivers.insert(waivers.end(), run.saved.waivers.begin(), run.saved.waivers.end());
  return waivers;
}

bool depends_on_what_came_later(RunEnd::Was was, const OpenRun& run) {
  return was == RunEnd::Was::kRun ||
         (was == RunEnd::Was::kRollback && stands_live(run.saved.plan, run.history));
}

}  // namespace

Result<ExitCode> take_over(Invocation& invocation, OpenRun& run, const TakeOver& what) {
  const auto wish = lease_wish(invocation.options);
  if (!wish) return fail(wish.error());
  const auto scratch = Runs(run.fs, invocation.clock, run.state).scratch(run.id);
  if (!scratch) return fail(scratch.error());
  warn_of_memory(invocation.output, run.state);
  RealSleeper sleeper;
  wait_for_left_over(invocation, run.id, sleeper);
  mark_children(run.id);
  auto leases = RunLeases::take(invocation, run.fs, run.state, run.id, run.saved.plan, *wish);
  if (!leases) return fail(leases.error());
  // Once more: while nobody had the leases, somebody can have begun and ended.
  if (depends_on_what_came_later(what.was, run)) {
    if (auto last = check_nothing_newer(invocation, run); !last) return fail(last.error());
  }
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
                 .scratch_root = *scratch,
                 .audience = *audience,
                 .cancelled = invocation.cancelled,
                 .may_act = [&](const PlannedCall&) { return (*leases)->may_act(); },
                 .who = operator_name()},
                **leases);
  if (stands_half_way(report)) (*leases)->keep();
  invocation.output.clear_live();
  const RunEnd end{.run_id = run.id,
                   .journal = run.journal_path(),
                   .head = run.journal->head(),
                   .seconds = now() - began,
                   .typed = invocation.globals.typed,
                   .again = run.history.run().at("again").text(),
                   .was = what.was,
                   .outcome = what.was == RunEnd::Was::kAccept ? outcome_of(run.history) : Value()};
  tell_report(invocation.output, run.saved.plan, report, end);
  return exit_of(report, end);
}

Result<ExitCode> go_on(Invocation& invocation, OpenRun& run, const RunWish& wish) {
  auto runbook = runbook_of(run.saved.plan);
  if (!runbook) return fail(runbook.error());
  const OnFailure on_failure = on_failure_of(wish, run);
  const auto work = [&](const PastRun& past, RunLeases& leases) {
    const BorderPost post{.invocation = invocation,
                          .site = *run.site,
                          .runbook = *runbook,
                          .params = run.saved.params,
                          .waivers = waivers_of(wish, run),
                          .accept_loss = wish.accept_loss,
                          .answers = wish.answers,
                          .approve = wish.approve,
                          .on_failure = on_failure,
                          .leases = leases,
                          .lease_wish = wish.leases,
                          .journal = past.journal};
    Executor executor(
        {.instances = past.instances,
         .clock = invocation.clock,
         .plan = past.plan,
         .run_id = past.run_id,
         .journal = past.journal,
         .on_failure = on_failure,
         .scratch_root = past.scratch_root,
         .audience = past.audience,
         .cancelled = past.cancelled,
         .history = &past.history,
         .may_act = past.may_act,
         .at_border = [&](const Border& border) { return pass_border(post, border); }});
    return executor.finish(runbook->run(executor, run.saved.params));
  };
  return take_over(invocation, run, {RunEnd::Was::kRun, work});
}

}  // namespace snapcore
