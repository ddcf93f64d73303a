#include "cli/decision.hpp"

#include "cli/approval.hpp"
#include "cli/person.hpp"
#include "engine/plan_index.hpp"
#include "engine/scopes.hpp"
#include "engine/undo_stack.hpp"

namespace snapcore {
namespace {

// What the runbook adds to the way back.
void show_added(Output& output, const OpenRun& run) {
  std::string added;
  for (const auto& [id, past] : run.history.parts()) {
    if (!past.registered) continue;
    for (const PlannedCall* call : run.saved.plan.calls()) {
      if (stands_in(call->id, id))
        added += "    - " + call->instance + "." + call->operation + "\n";
    }
  }
  if (added.empty()) return;
  output.say("  and, among these, what the runbook adds to the way back\n" + added);
}

void show_standing(Output& output, const OpenRun& run, bool takes_back) {
  const PlanIndex plan(run.saved.plan);
  const auto& calls = run.history.calls();
  for (auto past = calls.rbegin(); past != calls.rend(); ++past) {
    if (!past->parent.empty() || !leaves_something(*past)) continue;
    const PlannedCall* planned = plan.call(past->id);
    std::string line = "  " + past->instance + "." + past->operation;
    if (past->half_undone())
      line += " (half taken back)";
    else if (past->in_doubt())
      line += " (begun; how it ended is not known)";
    output.say(line + "\n");
    if (!planned) continue;
    if (planned->is_point_of_no_return() && takes_back) {
      output.say("    - cannot be taken back" +
                 (planned->undo.reason.empty() ? "" : ": " + planned->undo.reason) +
                 "; it ends there\n");
      continue;
    }
    for (const std::string& words : planned->undo_words) output.say("    - " + words + "\n");
  }
}

}  // namespace

Result<> decide(Invocation& invocation, const Decision& decision) {
  Output& output = invocation.output;
  if (invocation.options.has("yes")) return {};
  PersonAtTerminal person(output, invocation.cancelled);
  if (!person.present()) {
    return fail({.code = "approval.missing",
                 .message = "this will " + decision.what +
                            ", and there is no terminal to ask at whether that is right",
                 .hint = "give the command again with --yes",
                 .category = Category::kPrecondition});
  }
  output.say("This will " + decision.what + ":\n");
  show_standing(output, decision.run, decision.takes_back);
  if (decision.takes_back) show_added(output, decision.run);
  const auto answer = person.ask("To do it, type 'yes':");
  if (answer && *answer == "yes") return {};
  if (!answer && person.interrupted()) return fail(interrupted_at_the_question());
  return fail({.code = "approval.declined",
               .message = "not done: the answer was not 'yes'",
               .hint = "give the command again to be asked again",
               .category = Category::kPrecondition});
}

}  // namespace snapcore
