#include "cli/conduct.hpp"

#include "cli/approval.hpp"
#include "cli/audiences.hpp"
#include "cli/execution.hpp"
#include "cli/holders.hpp"
#include "cli/person.hpp"
#include "cli/text/plan_text.hpp"
#include "cli/text/words.hpp"

namespace snapcore {
namespace {

std::vector<std::string> next_after_dry_run(const Errand& errand, const Plan& plan) {
  if (!check_promises(plan)) return {};
  if (!plan.changes_something()) return {errand.again};
  return {errand.again + " --approve " + short_digest(plan.digest())};
}

// An answer to nothing is a name typed wrong.
Result<> check_answers(const RunWish& wish, const Plan& plan) {
  // What a phase asks nobody knows yet.
  if (!plan.outlines().empty()) return {};
  for (const auto& [name, value] : wish.answers) {
    std::size_t number = 0;
    bool asked = false;
    for (const Choice& choice : plan.choices) {
      if (choice.operation != "ask") continue;
      const Value& named = choice.args.at("name");
      if (!named.is_string()) ++number;
      asked = asked || name == (named.is_string() ? named.text() : std::to_string(number));
    }
    if (asked) continue;
    return fail({.code = "arguments.bad_value",
                 .message = "--answer " + name + ": the runbook does not ask that",
                 .hint = "leave it out, and see what is asked"});
  }
  return {};
}

// Who half restored what the plan is about is not to learn of that last: what a guard does not
// like can be just what that run left.
Result<> check_guards(const Invocation& invocation, const std::vector<Holder>& holders,
                      const Plan& plan) {
  auto kept = check_promises(plan);
  if (kept) return kept;
  return fail(behind_holders(invocation, holders, kept.error()));
}

OnFailure on_failure_of(const Errand& errand, const OpenSite& site) {
  return errand.wish.on_failure.value_or(site.site.policy.on_failure);
}

}  // namespace

Result<Plan> plan_errand(Invocation& invocation, OpenSite& site, const Errand& errand,
                         const Plan* like, const History* past) {
  for (const std::string& target : errand.wish.accept_loss) {
    if (site.site.find(target)) continue;
    return fail({.code = "arguments.bad_value",
                 .message = "--accept-loss " + target + ": the site has no such target",
                 .hint = "name the target whose loss the plan asks to accept"});
  }
  LogAudience audience(invocation.output);
  PersonAtTerminal person(invocation.output, invocation.cancelled);
  PlanRequest request{.instances = site.instances,
                      .clock = invocation.clock,
                      .waivers = errand.wish.waivers,
                      .accept_loss = errand.wish.accept_loss,
                      .audience = &audience,
                      .cancelled = &invocation.cancelled,
                      .like = like,
                      .past = past,
                      .person = &person,
                      .answers = errand.wish.answers};
  // While acts are made and taken back, a secret is waited for in spite of a signal.
  site.instances.secrets().end_commands_when([&] { return invocation.cancelled.load(); });
  auto plan = make_plan(request, errand.runbook, errand.wish.params);
  site.instances.secrets().end_commands_when({});
  if (!plan && invocation.output.verbose() && !errand.runbook.traceback().empty()) {
    invocation.output.say(errand.runbook.traceback() + "\n");
  }
  if (!plan && invocation.cancelled) {
    return fail({.code = "run.interrupted",
                 .message = "interrupted while planning; nothing was begun",
                 .hint = "give the command again when you are ready",
                 .category = Category::kTransient});
  }
  if (plan) {
    if (auto asked = check_answers(errand.wish, *plan); !asked) return fail(asked.error());
    return plan;
  }
  // One that is planned again knows already what it did.
  return past ? plan : fail(beside_unfinished(invocation, std::move(plan.error())));
}

void show_plan(Invocation& invocation, const OpenSite& site, const Errand& errand, const Plan& plan,
               ShowPlanOn where, std::vector<std::string> next) {
  Output& output = invocation.output;
  output.event("plan", Value::object({{"digest", plan.digest()}, {"plan", to_value(plan)}}));
  output.add_to_result("digest", plan.digest());
  if (output.json() && where == ShowPlanOn::kStdout) return;
  const bool to_stdout = where == ShowPlanOn::kStdout;
  const PlanTextOptions options{.space_margin = site.site.policy.space_margin,
                                .on_failure = on_failure_of(errand, site),
                                .next = std::move(next)};
  const std::string text =
      plan_text(plan, options, to_stdout ? output.out_style() : output.err_style());
  to_stdout ? output.print(text) : output.say(text + "\n");
}

Result<> check_shown(Invocation& invocation, const Errand& errand, const Plan& plan) {
  const auto holders = holders_of(invocation, plan, errand.wish.leases);
  if (auto kept = check_guards(invocation, holders, plan); !kept) return kept;
  if (holders.empty()) return {};
  invocation.output.say("\n");
  tell_holders(invocation, holders);
  return {};
}

Result<ExitCode> approve_and_execute(Invocation& invocation, OpenSite& site, const Errand& errand,
                                     const Plan& plan, PlanIs which) {
  const auto holders = holders_of(invocation, plan, errand.wish.leases);
  if (auto kept = check_guards(invocation, holders, plan); !kept) return fail(kept.error());
  // One that is approved already is told when it takes its leases.
  if (!holders.empty() && !errand.wish.yes && !errand.wish.approve) {
    tell_holders(invocation, holders);
    invocation.output.say("\n");
  }
  PersonAtTerminal person(invocation.output, invocation.cancelled);
  const ApprovalWish wish{.yes = errand.wish.yes,
                          .digest = errand.wish.approve,
                          .policy = site.site.policy.approval,
                          .targets = targets_of(plan, site.instances),
                          .again = errand.again};
  const auto approval = approve(plan, wish, person);
  if (!approval) return fail(approval.error());
  return execute(invocation, site,
                 {.plan = plan,
                  .saved = which == PlanIs::kSaved,
                  .approval = *approval,
                  .on_failure = on_failure_of(errand, site),
                  .runbook = errand.asked,
                  .params = errand.wish.params,
                  .waivers = errand.wish.waivers,
                  .answers = errand.wish.answers,
                  .again = errand.again,
                  .leases = errand.wish.leases});
}

Result<ExitCode> conduct(Invocation& invocation, OpenSite& site, const Errand& errand) {
  const auto plan = plan_errand(invocation, site, errand);
  if (!plan) return fail(plan.error());
  if (errand.wish.dry_run) {
    show_plan(invocation, site, errand, *plan, ShowPlanOn::kStdout,
              next_after_dry_run(errand, *plan));
    if (auto kept = check_shown(invocation, errand, *plan); !kept) return fail(kept.error());
    return ExitCode::kDone;
  }
  show_plan(invocation, site, errand, *plan, ShowPlanOn::kStderr, {});
  return approve_and_execute(invocation, site, errand, *plan, PlanIs::kFresh);
}

}  // namespace snapcore
