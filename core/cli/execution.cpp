#include "cli/execution.hpp"

#include "base/real_file_system.hpp"
#include "cli/audiences.hpp"
#include "cli/border.hpp"
#include "cli/cut_off.hpp"
#include "cli/left_over.hpp"
#include "cli/planning.hpp"
#include "cli/run_leases.hpp"
#include "cli/run_records.hpp"
#include "cli/run_report.hpp"
#include "engine/executor.hpp"
#include "journal/runs.hpp"
#include "journal/state_directory.hpp"

namespace snapcore {
namespace {

Result<> begin_journal(Journal& journal, const Execution& execution, const std::string& run_id,
                       std::string_view started, Secrets& secrets) {
  auto began = journal.append(record::kRun, secrets.mask(run_body(execution, run_id, started)));
  if (!began) return fail(began.error());
  auto approved = journal.append(record::kApproval, secrets.mask(approval_body(execution)));
  if (!approved) return fail(approved.error());
  return {};
}

}  // namespace

Result<ExitCode> execute(Invocation& invocation, OpenSite& site, const Execution& execution) {
  RealFileSystem fs;
  const auto state =
      find_state_directory(invocation.globals.state, StateEnvironment::of_this_process());
  if (!state) return fail(state.error());
  Runs runs(fs, invocation.clock, *state);
  const auto run_id = runs.new_id();
  if (!run_id) return fail(run_id.error());
  warn_of_memory(invocation.output, *state);
  mark_children(*run_id);
  auto leases = RunLeases::take(invocation, fs, *state, *run_id, execution.plan, execution.leases);
  if (!leases) return fail(leases.error());
  if (execution.saved) {
    if (auto used = runs.use_plan(execution.plan.id, *run_id); !used) return fail(used.error());
  }
  auto started = runs.start(*run_id, files_of(execution, site.site));
  if (!started) return fail(started.error());
  begin_what_may_be_cut_off(*run_id, invocation.globals.typed);
  const auto lock = runs.lock(*run_id);
  if (!lock) return fail(lock.error());
  const auto scratch = runs.scratch(*run_id);
  if (!scratch) return fail(scratch.error());
  Journal& journal = *started->journal;
  const std::string began_at = to_rfc3339(invocation.clock.now());
  if (auto begun = begin_journal(journal, execution, *run_id, began_at, site.instances.secrets());
      !begun)
    return fail(begun.error());
  if (auto noted = (*leases)->record(journal); !noted) return fail(noted.error());
  auto runbook = runbook_of(execution.plan);
  if (!runbook) return fail(runbook.error());

  const Stopwatch now = steady_stopwatch();
  const double began = now();
  const auto audience = make_audience(invocation.output);
  const BorderPost post{.invocation = invocation,
                        .site = site,
                        .runbook = *runbook,
                        .params = execution.params,
                        .waivers = execution.waivers,
                        .answers = execution.answers,
                        .on_failure = execution.on_failure,
                        .leases = **leases,
                        .lease_wish = execution.leases,
                        .journal = journal};
  Executor executor({.instances = site.instances,
                     .clock = invocation.clock,
                     .plan = execution.plan,
                     .run_id = *run_id,
                     .journal = journal,
                     .on_failure = execution.on_failure,
                     .scratch_root = *scratch,
                     .audience = *audience,
                     .cancelled = invocation.cancelled,
                     .started = began_at,
                     .may_act = [&](const PlannedCall&) { return (*leases)->may_act(); },
                     .at_border = [&](const Border& border) { return pass_border(post, border); }});
  const RunReport report = executor.finish(runbook->run(executor, execution.params));
  if (stands_half_way(report)) (*leases)->keep();
  invocation.output.clear_live();
  tell_report(invocation.output, execution.plan, report,
              {.run_id = *run_id,
               .journal = started->directory / "journal.jsonl",
               .head = journal.head(),
               .seconds = now() - began,
               .typed = invocation.globals.typed,
               .again = execution.again});
  return static_cast<ExitCode>(report.ending);
}

}  // namespace snapcore
