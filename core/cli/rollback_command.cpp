#include "cli/command.hpp"
#include "cli/decision.hpp"
#include "cli/newer_runs.hpp"
#include "cli/take_over.hpp"
#include "cli/text/words.hpp"

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
               .hint = "this shows what it did:\nsnapcore runs " + run.id,
               .category = Category::kPrecondition});
}

std::function<RunReport(const PastRun&, RunLeases&)> without_leases(
    RunReport (*work)(const PastRun&)) {
  return [work](const PastRun& run, RunLeases&) { return work(run); };
}

Result<ExitCode> rollback(Invocation& invocation) {
  auto run = open_run(invocation, invocation.words().front());
  if (!run) return fail(run.error());
  if (auto can = check_can_go_back(**run); !can) return fail(can.error());
  if (stands_live((*run)->saved.plan, (*run)->history)) {
    if (auto last = check_nothing_newer(invocation, **run); !last) return fail(last.error());
  }
  const Decision decision{.what = "take back everything that run " + (*run)->id + " did",
                          .run = **run,
                          .takes_back = true};
  if (auto sure = decide(invocation, decision); !sure) return fail(sure.error());
  return take_over(invocation, **run, {RunEnd::Was::kRollback, without_leases(roll_back)});
}

// What such a run keeps is what its half act is brought to an end with, or taken back from.
Result<> check_nothing_half_done(const OpenRun& run) {
  if (run.history.accepted()) return {};
  for (const PastCall& call : run.history.calls()) {
    if (!call.is_act || !call.in_doubt()) continue;
    return fail({.code = "run.in_doubt",
                 .message = "run " + run.id + " was cut off in the middle of " + call.instance +
                            "." + call.operation + ": what it kept is still needed",
                 .hint = "go on with it, take it back, or look yourself and say what became of "
                         "it:\nsnapcore resume " +
                         run.id + "\nsnapcore rollback " + run.id + "\nsnapcore resolve " + run.id +
                         " " + shell_word(call.id) + " --done    # or --not-done",
                 .category = Category::kPrecondition});
  }
  return {};
}

Result<ExitCode> accept_run(Invocation& invocation) {
  auto run = open_run(invocation, invocation.words().front());
  if (!run) return fail(run.error());
  if (auto can = check_nothing_half_done(**run); !can) return fail(can.error());
  const Decision decision{
      .what = "keep what run " + (*run)->id + " did for good, and let go of what it replaced",
      .run = **run};
  if (auto sure = decide(invocation, decision); !sure) return fail(sure.error());
  return take_over(invocation, **run, {RunEnd::Was::kAccept, without_leases(accept)});
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
    .shared_options = kLeaseOptions,
    .details =
        "Works on runs that were killed, interrupted or held, and on finished ones until "
        "they are accepted. Where a newer run acted on the same, that one is taken back first. It "
        "stops at the first act that cannot be taken back and says "
        "what remains; give it again when that is repaired. 'snapcore resume' goes forward from "
        "there instead: it makes again what was taken back.",
    .run = rollback};

const Command kAcceptCommand = {
    .name = "accept",
    .words = "RUN",
    .summary = "keep what a run did for good, and remove what it kept aside",
    .group = CommandGroup::kRestore,
    .min_words = 1,
    .max_words = 1,
    .options = kDecisionOptions,
    .shared_options = kLeaseOptions,
    .details =
        "Until then what was replaced is kept, and the run can be taken back. Afterwards it "
        "cannot.",
    .run = accept_run};

}  // namespace snapcore
