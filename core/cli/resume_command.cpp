#include "cli/border.hpp"
#include "cli/command.hpp"
#include "cli/open_run.hpp"
#include "cli/planning.hpp"
#include "cli/run_leases.hpp"
#include "cli/run_options.hpp"
#include "cli/take_over.hpp"
#include "engine/executor.hpp"

namespace snapcore {
namespace {

constexpr std::array kOptions = {kOnFailureOption,  kApproveOption,  kWaiveOption,
                                 kAcceptLossOption, kLockWaitOption, kBreakLeaseOption};

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
  const auto wish = run_wish(invocation.options);
  if (!wish) return fail(wish.error());
  const OnFailure on_failure = on_failure_of(*wish, run);
  auto runbook = runbook_of(run.saved.plan);
  if (!runbook) return fail(runbook.error());
  const auto go_on = [&](const PastRun& past, RunLeases& leases) {
    const BorderPost post{.invocation = invocation,
                          .site = *run.site,
                          .runbook = *runbook,
                          .params = run.saved.params,
                          .waivers = waivers_of(*wish, run),
                          .accept_loss = wish->accept_loss,
                          .approve = wish->approve,
                          .on_failure = on_failure,
                          .leases = leases,
                          .lease_wish = wish->leases,
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
  return take_over(invocation, run, {RunEnd::Was::kRun, go_on});
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
        "the files they came from does not matter.\nA phase that is planned when it is reached may "
        "need a word: --approve for what goes beyond its bounds, --waive and --accept-loss for its "
        "guards.",
    .run = resume};

}  // namespace snapcore
