#include <algorithm>

#include "base/text.hpp"
#include "cli/approval.hpp"
#include "cli/command.hpp"
#include "cli/conduct.hpp"
#include "cli/execution.hpp"
#include "cli/newer_runs.hpp"
#include "cli/person.hpp"
#include "cli/run_leases.hpp"
#include "cli/run_records.hpp"
#include "cli/take_over.hpp"
#include "cli/text/page.hpp"
#include "cli/text/words.hpp"

namespace snapcore {
namespace {

constexpr std::array kOptions = {kWaiveOption,     kAcceptLossOption, kAnswerOption,
                                 kDryRunOption,    kYesOption,        kApproveOption,
                                 kOnFailureOption, kLockWaitOption,   kBreakLeaseOption};

// What the run was asked for, and what is asked for besides.
Result<Errand> errand_of(const Invocation& invocation, const OpenRun& run) {
  auto wish = run_wish(invocation.options);
  if (!wish) return fail(wish.error());
  auto runbook = runbook_of(run.saved.plan);
  if (!runbook) return fail(runbook.error());
  const std::string typed = typed_again(*wish);
  wish->params = run.saved.params;
  wish->waivers.insert(wish->waivers.begin(), run.saved.waivers.begin(), run.saved.waivers.end());
  for (const std::string& target : run.saved.plan.accepted_losses) {
    auto& losses = wish->accept_loss;
    if (std::find(losses.begin(), losses.end(), target) == losses.end()) losses.push_back(target);
  }
  Errand errand{.runbook = std::move(*runbook),
                .asked = run.history.run().at("runbook").text(),
                .wish = std::move(*wish)};
  errand.again = "snapcore" + invocation.globals.typed + " replan " + shell_word(run.id) + typed;
  return errand;
}

bool is_done(const OpenRun& run, const PlannedCall& call) {
  const PastCall* past = run.history.find(call.id);
  return past && past->result && !past->undone;
}

void list_calls(Page& page, const OpenRun& run, const Plan& plan, bool done) {
  for (const PlannedCall* call : plan.calls()) {
    if (is_on_the_way_back(call->id) || is_done(run, *call) != done) continue;
    page.line(2, call->instance + "." + call->operation, done ? Tone::kDim : Tone::kPlain);
    if (done) continue;
    for (const std::string& effect : call->effects) page.line(4, "- " + effect);
  }
}

void show_difference(Output& output, const OpenRun& run, const Plan& plan,
                     const std::vector<std::string>& lines) {
  output.event("plan", Value::object({{"digest", plan.digest()},
                                      {"plan", to_value(plan)},
                                      {"differences", texts_of(lines)}}));
  output.add_to_result("digest", plan.digest());
  if (output.json()) return;
  Page page(output.err_style());
  page.line(0, "Run " + run.id + ", planned anew: " + plan.summary, Tone::kBold);
  page.heading("Different from what was approved");
  for (const std::string& line : lines) page.verbatim(2, line);
  page.heading("Done already");
  list_calls(page, run, plan, true);
  page.heading("To be done");
  list_calls(page, run, plan, false);
  page.blank();
  page.field(0, "Digest", 8, short_digest(plan.digest()));
  output.say(page.text() + "\n");
}

Error nothing_differs(const OpenRun& run) {
  return {.code = "run.same_plan",
          .message = "planned anew, run " + run.id + " has the plan that was approved",
          .hint = "this goes on with it:\nsnapcore resume " + shell_word(run.id),
          .category = Category::kPrecondition};
}

// First the approval, then the plan: killed between them, the run still has the one from before,
// which was approved, too.
Result<> replace_plan(OpenRun& run, Plan plan, const Errand& errand, const Approval& approval) {
  Value body = approval_body({.plan = plan, .approval = approval, .waivers = errand.wish.waivers});
  body["replaces"] = run.saved.plan.digest();
  auto noted = run.journal->append(record::kApproval, run.site->instances.secrets().mask(body));
  if (!noted) return fail(noted.error());
  SavedPlan saved{
      .plan = std::move(plan), .params = errand.wish.params, .waivers = errand.wish.waivers};
  if (auto kept = replace_file(run.fs, run.directory / "plan.json", plan_json(saved)); !kept)
    return kept;
  run.saved = std::move(saved);
  return {};
}

Result<ExitCode> replan(Invocation& invocation) {
  auto opened = open_run(invocation, invocation.words().front());
  if (!opened) return fail(opened.error());
  OpenRun& run = **opened;
  if (auto goes = check_goes_on(run); !goes) return fail(goes.error());
  if (auto last = check_nothing_newer(invocation, run); !last) return fail(last.error());
  auto errand = errand_of(invocation, run);
  if (!errand) return fail(errand.error());
  auto plan = plan_errand(invocation, *run.site, *errand, &run.saved.plan, &run.history);
  if (!plan) return fail(plan.error());
  if (auto holds = check_holds_what_was_done(*plan, run.history); !holds)
    return fail(holds.error());
  const auto lines = differences(run.saved.plan, *plan);
  if (lines.empty()) return fail(nothing_differs(run));
  show_difference(invocation.output, run, *plan, lines);
  if (auto kept = check_promises(*plan); !kept) return fail(kept.error());
  if (errand->wish.dry_run) return ExitCode::kDone;
  PersonAtTerminal person(invocation.output, invocation.cancelled);
  const auto approval = approve(*plan,
                                {.yes = errand->wish.yes,
                                 .digest = errand->wish.approve,
                                 .policy = run.site->site.policy.approval,
                                 .targets = targets_of(*plan, run.site->instances),
                                 .again = errand->again},
                                person);
  if (!approval) return fail(approval.error());
  // What the plan from before acts upon, and this one does not, is held no longer.
  auto before =
      RunLeases::take(invocation, run.fs, run.state, run.id, run.saved.plan, errand->wish.leases);
  if (!before) return fail(before.error());
  (*before)->keep();
  if (auto replaced = replace_plan(run, std::move(*plan), *errand, *approval); !replaced)
    return fail(replaced.error());
  (*before)->let_go();
  RunWish wish = errand->wish;
  wish.approve.reset();  // it was said of this plan, not of a phase
  return go_on(invocation, run, wish);
}

}  // namespace

const Command kReplanCommand = {
    .name = "replan",
    .words = "RUN",
    .summary = "plan what is left of a run anew, and go on",
    .group = CommandGroup::kRestore,
    .min_words = 1,
    .max_words = 1,
    .shared_options = kOptions,
    .details =
        "For a run that stopped because the world is not as its plan has it. What was done stays "
        "done, with the answers that led to it; everything else is planned as it would be done "
        "now. Runbook, arguments and site are those the run carries. Shown is what differs from "
        "the plan that was approved; waivers and answers from then still stand.",
    .run = replan};

}  // namespace snapcore
