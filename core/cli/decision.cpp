#include "cli/decision.hpp"

#include <algorithm>

#include "cli/approval.hpp"
#include "cli/person.hpp"
#include "cli/text/words.hpp"
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

std::string name_of(const PastCall& past) {
  std::string name = "  " + past.instance + "." + past.operation;
  if (past.half_undone())
    name += " (half taken back)";
  else if (past.in_doubt())
    name += " (begun; how it ended is not known)";
  return name + "\n";
}

std::string lines_of(const std::vector<std::string>& list) {
  std::string lines;
  for (const std::string& words : list) lines += "    - " + words + "\n";
  return lines;
}

std::string way_back_of(const PlannedCall& act) {
  if (!act.is_point_of_no_return()) return lines_of(act.undo_words);
  return "    - cannot be taken back" + (act.undo.reason.empty() ? "" : ": " + act.undo.reason) +
         "; it ends there\n";
}

// Of what was staged for it nothing is left.
bool is_activated_stage(const Plan& plan, const History& history, const PastCall& past) {
  const bool stage =
      std::any_of(plan.restores.begin(), plan.restores.end(),
                  [&](const PlannedRestore& restore) { return past.id == restore.id + ".stage"; });
  const PastCall* activate = stage ? activation_of(history, past.id) : nullptr;
  return activate && activate->result && !activate->undone;
}

std::string what_ends_with(const PastCall& past, const PlannedCall& act) {
  std::string lines;
  if (past.result && !past.result->at("kept").is_null()) {
    lines += "    - removed for good: what it kept" +
             (act.keeps.empty() ? "" : " (" + joined(act.keeps, "; ") + ")") + "\n";
  }
  if (act.is_point_of_no_return() || act.undo_words.empty()) return lines;
  return lines + "    - no longer possible then: " + joined(act.undo_words, "; ") + "\n";
}

template <class Words>
std::string each_that_stands(const Plan& plan, const History& history, const Words& words_of) {
  const PlanIndex index(plan);
  std::string text;
  const auto& calls = history.calls();
  for (auto past = calls.rbegin(); past != calls.rend(); ++past) {
    if (!past->parent.empty() || !leaves_something(*past)) continue;
    text += words_of(*past, index.call(past->id));
  }
  return text;
}

}  // namespace

std::string what_is_taken_back(const Plan& plan, const History& history) {
  return each_that_stands(plan, history, [](const PastCall& past, const PlannedCall* act) {
    return name_of(past) + (act ? way_back_of(*act) : "");
  });
}

std::string what_is_let_go(const Plan& plan, const History& history) {
  return each_that_stands(plan, history, [&](const PastCall& past, const PlannedCall* act) {
    if (is_activated_stage(plan, history, past)) return std::string();
    return name_of(past) + (act ? what_ends_with(past, *act) : "");
  });
}

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
  const auto words = decision.takes_back ? what_is_taken_back : what_is_let_go;
  output.say(words(decision.run.saved.plan, decision.run.history));
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
