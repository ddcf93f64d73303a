#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/newer_runs.hpp"
#include "cli/open_run.hpp"
#include "cli/run_leases.hpp"
#include "cli/run_options.hpp"
#include "cli/take_over.hpp"
#include "cli/text/words.hpp"

namespace snapcore {
namespace {

constexpr std::array kOptions = {kOnFailureOption,  kApproveOption, kWaiveOption,
                                 kAcceptLossOption, kAnswerOption,  kLockWaitOption,
                                 kBreakLeaseOption};

// A run that was killed between its last record and its end still holds what it acted upon.
void let_go(Invocation& invocation, OpenRun& run) {
  (void)RunLeases::take(invocation, run.fs, run.state, run.id, run.saved.plan, {});
}

// Somebody was taking it back, and did not come to the end.
void say_that_it_goes_forward(Invocation& invocation, const OpenRun& run) {
  const auto calls = run.history.taken_back();
  if (calls.empty()) return;
  Output& output = invocation.output;
  output.say_line("resume goes forward, and makes again what was taken back:", Tone::kLoud);
  Value::Array ids;
  for (const PastCall* call : calls) {
    ids.emplace_back(call->id);
    const PlannedCall* planned = run.saved.plan.find(call->id);
    output.say_line("  " + call->instance + "." + call->operation +
                    (planned ? ": " + joined(planned->effects, "; ") : ""));
  }
  output.say_line("to go on with the way back instead, stop this with Ctrl-C, then:");
  output.say("  snapcore" + invocation.globals.typed + " rollback " + shell_word(run.id) + "\n\n");
  output.event("forward_again", Value::object({{"calls", std::move(ids)}}));
}

Result<ExitCode> resume(Invocation& invocation) {
  auto opened = open_run(invocation, invocation.words().front());
  if (!opened) return fail(opened.error());
  OpenRun& run = **opened;
  if (auto goes = check_goes_on(run); !goes) {
    let_go(invocation, run);
    return fail(goes.error());
  }
  if (auto last = check_nothing_newer(invocation, run); !last) return fail(last.error());
  const auto wish = run_wish(invocation.options);
  if (!wish) return fail(wish.error());
  say_that_it_goes_forward(invocation, run);
  return go_on(invocation, run, *wish);
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
        "('snapcore resolve').\nIt always goes forward, also behind a rollback that stopped half "
        "way: what that took back is made again, and 'snapcore rollback' goes on with the way "
        "back.\nThe run carries its runbook, plan and site: what became of "
        "the files they came from does not matter.\nA phase that is planned when it is reached may "
        "need a word: --approve for what goes beyond its bounds, --waive and --accept-loss for its "
        "guards.",
    .run = resume};

}  // namespace snapcore
