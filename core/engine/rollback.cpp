#include "engine/rollback.hpp"

#include <map>

#include "engine/later.hpp"
#include "engine/undo_stack.hpp"

namespace snapcore {
namespace {

// A nested call stands in the plan as part of the call that makes it.
const PlannedCall* shown_as(const Plan& plan, const History& history, const PastCall& past) {
  if (past.parent.empty()) return plan.find(past.id);
  const PastCall* parent = history.find(past.parent);
  return parent ? shown_as(plan, history, *parent) : nullptr;
}

// By call; a restore answers what its verbs answered.
std::map<std::string, Value, std::less<>> results_of(const History& history) {
  std::map<std::string, Value, std::less<>> results;
  for (const PastCall& past : history.calls()) {
    if (!past.result) continue;
    results[past.id] = *past.result;
    const auto verb = past.id.rfind('.');
    if (!past.parent.empty() || verb == std::string::npos) continue;
    Value& restore = results[past.id.substr(0, verb)];
    for (const auto& [name, member] : past.result->members()) restore[name] = member;
  }
  return results;
}

Result<StandingAct> act_from(const RollbackRequest& request, const PastCall& past) {
  const PlannedCall* shown = shown_as(request.plan, request.history, past);
  if (!shown) {
    return fail({.code = "run.unknown_call",
                 .message = "call " + past.id + " of the journal is not in the run's plan",
                 .category = Category::kCorrupt});
  }
  auto act = standing_act(past, *shown, request.instances);
  if (!act) return act;
  const auto results = results_of(request.history);
  auto args = resolve_later(past.args, [&](std::string_view id) -> const Value* {
    const auto found = results.find(id);
    return found == results.end() ? nullptr : &found->second;
  });
  if (!args) return fail(args.error());
  act->args = std::move(*args);
  for (const PastCall* child : request.history.nested_in(past.id)) {
    if (!leaves_something(*child)) continue;
    auto inner = act_from(request, *child);
    if (!inner) return inner;
    act->nested.push_back(std::move(*inner));
  }
  return act;
}

// Oldest first.
Result<std::vector<StandingAct>> standing_acts(const RollbackRequest& request) {
  std::vector<StandingAct> acts;
  for (const PastCall& past : request.history.calls()) {
    if (!past.parent.empty()) continue;
    const bool nested_stand = !past.undone && !request.history.nested_in(past.id).empty();
    if (!leaves_something(past) && !nested_stand) continue;
    auto act = act_from(request, past);
    if (!act) return fail(act.error());
    acts.push_back(std::move(*act));
  }
  return acts;
}

Error stopped() {
  return {.code = "run.interrupted",
          .message = "stopped by the operator, between two acts",
          .category = Category::kTransient};
}

void undo_all(const RollbackRequest& request, std::vector<StandingAct>& acts, RunReport& report) {
  const UndoScene scene{request.instances, request.journal,           request.audience,
                        request.run_id,    request.history.started(), request.scratch_root};
  while (!acts.empty()) {
    if (request.cancelled) {
      report.rollback_error = stopped();
      return;
    }
    if (request.may_act) {
      if (auto may = request.may_act(*acts.back().planned); !may) {
        report.rollback_error = may.error();
        return;
      }
    }
    if (!undo_last(scene, acts, report)) return;
  }
}

Ending ending_of(const RunReport& report, bool touched) {
  if (report.rollback_error) {
    return report.rollback_error->code == "run.interrupted" ? Ending::kInterrupted
                                                            : Ending::kNeedsPerson;
  }
  return touched ? Ending::kUndone : Ending::kFailedUntouched;
}

}  // namespace

RunReport roll_back(const RollbackRequest& request) {
  RunReport report;
  auto acts = standing_acts(request);
  bool touched = false;
  if (acts) {
    for (const StandingAct& act : *acts) touched = touched || !act.staging;
    undo_all(request, *acts, report);
  } else {
    report.rollback_error = acts.error();
    acts = std::vector<StandingAct>();
  }
  report.ending = ending_of(report, touched);
  conclude(report, *acts, request.journal);
  return report;
}

}  // namespace snapcore
