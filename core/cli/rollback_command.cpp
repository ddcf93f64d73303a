#include "cli/audiences.hpp"
#include "cli/command.hpp"
#include "cli/decision.hpp"
#include "cli/open_run.hpp"
#include "cli/run_leases.hpp"
#include "cli/run_records.hpp"
#include "cli/run_report.hpp"
#include "engine/rollback.hpp"

namespace snapcore {
namespace {

Result<> check_can_go_back(const OpenRun& run) {
  const Value& ending = run.history.ending();
  const auto exit = ending.at("exit").int_or(0);
  const bool undone = exit == static_cast<int>(ExitCode::kUndone) ||
                      exit == static_cast<int>(ExitCode::kFailedUntouched);
  if (!run.history.accepted() && (ending.is_null() || !undone)) return {};
  return fail({.code = "run.over",
               .message = "run " + run.id + " is over: " +
                          (run.history.accepted() ? "it was accepted, and what was kept is gone"
                                                  : ending.at("ending").text()),
               .hint = "'snapcore runs " + run.id + "' shows what it did",
               .category = Category::kPrecondition});
}

Result<ExitCode> rollback(Invocation& invocation) {
  auto opened = open_run(invocation, invocation.words().front());
  if (!opened) return fail(opened.error());
  OpenRun& run = **opened;
  if (auto can = check_can_go_back(run); !can) return fail(can.error());
  const Decision decision{.what = "take back everything that run " + run.id + " did",
                          .plan = run.saved.plan,
                          .history = run.history};
  if (auto sure = decide(invocation, decision); !sure) return fail(sure.error());
  const auto scratch = run.directory / "scratch";
  if (auto made = make_directories(run.fs, scratch); !made) return fail(made.error());
  const auto wish = lease_wish(invocation.options);
  if (!wish) return fail(wish.error());
  warn_of_memory(invocation.output, run.state);
  auto leases = RunLeases::take(invocation, run.fs, run.state, run.id, run.saved.plan, *wish);
  if (!leases) return fail(leases.error());
  auto taken = run.journal->append(record::kResume, resume_body("rollback"));
  if (!taken) return fail(taken.error());
  if (auto noted = (*leases)->record(*run.journal); !noted) return fail(noted.error());

  const Stopwatch now = steady_stopwatch();
  const double began = now();
  const auto audience = make_audience(invocation.output);
  const RunReport report =
      roll_back({.instances = run.site->instances,
                 .plan = run.saved.plan,
                 .history = run.history,
                 .run_id = run.id,
                 .journal = *run.journal,
                 .scratch_root = scratch,
                 .audience = *audience,
                 .cancelled = invocation.cancelled,
                 .may_act = [&](const PlannedCall&) { return (*leases)->may_act(); }});
  if (stands_half_way(report)) (*leases)->keep();
  invocation.output.clear_live();
  tell_report(invocation.output, run.saved.plan, report,
              {.run_id = run.id,
               .journal = run.journal_path(),
               .head = run.journal->head(),
               .seconds = now() - began,
               .typed = invocation.globals.typed,
               .again = run.history.run().at("again").text(),
               .was_rollback = true});
  // To be taken back is what was asked for.
  const bool done = report.ending == Ending::kUndone || report.ending == Ending::kFailedUntouched;
  return done ? ExitCode::kDone : static_cast<ExitCode>(report.ending);
}

}  // namespace

const Command kRollbackCommand = {
    .name = "rollback",
    .words = "RUN",
    .summary = "take back what a run did, newest act first",
    .group = CommandGroup::kRestore,
    .min_words = 1,
    .max_words = 1,
    .options = kDecisionOptions,
    .details =
        "Works on runs that were killed, interrupted or held, and on finished ones until "
        "they are accepted. It stops at the first act that cannot be taken back and says "
        "what remains; give it again when that is repaired.",
    .run = rollback};

}  // namespace snapcore
