#include "cli/audiences.hpp"
#include "cli/command.hpp"
#include "cli/open_run.hpp"
#include "cli/planning.hpp"
#include "cli/run_leases.hpp"
#include "cli/run_options.hpp"
#include "cli/run_records.hpp"
#include "cli/run_report.hpp"
#include "engine/executor.hpp"

namespace snapcore {
namespace {

constexpr std::array kOptions = {kOnFailureOption, kLockWaitOption, kBreakLeaseOption};

Result<OnFailure> on_failure_of(const Invocation& invocation, const OpenRun& run) {
  const auto asked = run_wish(invocation.options);
  if (!asked) return fail(asked.error());
  const auto begun_with = on_failure_from(run.history.run().at("on_failure").text());
  return asked->on_failure.value_or(begun_with.value_or(OnFailure::kRollback));
}

// A run that was killed between its last record and its end still holds what it acted upon.
void let_go(Invocation& invocation, OpenRun& run) {
  (void)RunLeases::take(invocation, run.fs, run.state, run.id, run.saved.plan, {});
}

Result<ExitCode> resume(Invocation& invocation) {
  auto opened = open_run(invocation, invocation.words().front());
  if (!opened) return fail(opened.error());
  OpenRun& run = **opened;
  if (auto goes = check_goes_on(run); !goes) {
    let_go(invocation, run);
    return fail(goes.error());
  }
  const auto on_failure = on_failure_of(invocation, run);
  if (!on_failure) return fail(on_failure.error());
  auto runbook = runbook_of(run.saved.plan);
  if (!runbook) return fail(runbook.error());
  const auto scratch = run.directory / "scratch";
  if (auto made = make_directories(run.fs, scratch); !made) return fail(made.error());
  const auto wish = lease_wish(invocation.options);
  if (!wish) return fail(wish.error());
  warn_of_memory(invocation.output, run.state);
  auto leases = RunLeases::take(invocation, run.fs, run.state, run.id, run.saved.plan, *wish);
  if (!leases) return fail(leases.error());
  auto taken = run.journal->append(record::kResume, resume_body("resume"));
  if (!taken) return fail(taken.error());
  if (auto noted = (*leases)->record(*run.journal); !noted) return fail(noted.error());

  const Stopwatch now = steady_stopwatch();
  const double began = now();
  const auto audience = make_audience(invocation.output);
  Executor executor({.instances = run.site->instances,
                     .clock = invocation.clock,
                     .plan = run.saved.plan,
                     .run_id = run.id,
                     .journal = *run.journal,
                     .on_failure = *on_failure,
                     .scratch_root = scratch,
                     .audience = *audience,
                     .cancelled = invocation.cancelled,
                     .history = &run.history,
                     .may_act = [&](const PlannedCall&) { return (*leases)->may_act(); }});
  const RunReport report = executor.finish(runbook->run(executor, run.saved.params));
  if (stands_half_way(report)) (*leases)->keep();
  invocation.output.clear_live();
  tell_report(invocation.output, run.saved.plan, report,
              {.run_id = run.id,
               .journal = run.journal_path(),
               .head = run.journal->head(),
               .seconds = now() - began,
               .typed = invocation.globals.typed,
               .again = run.history.run().at("again").text()});
  return static_cast<ExitCode>(report.ending);
}

}  // namespace

const Command kResumeCommand = {
    .name = "resume",
    .words = "RUN",
    .summary = "go on with a run that was killed, interrupted or held",
    .group = CommandGroup::kRestore,
    .min_words = 1,
    .max_words = 1,
    .options = kOptions,
    .details =
        "What the journal says was done is not done again. A call that was begun and has no "
        "end is settled as its plugin says: done again, or asked for, or left to a person "
        "('snapcore resolve').\nThe run carries its runbook, plan and site: what became of "
        "the files they came from does not matter.",
    .run = resume};

}  // namespace snapcore
