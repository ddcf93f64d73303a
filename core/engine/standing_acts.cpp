// What stands of a run, by its journal alone.
#include <algorithm>
#include <map>

#include "engine/executor_state.hpp"
#include "engine/undo_stack.hpp"
#include "engine/way_back.hpp"

namespace snapcore {

Result<StandingAct> standing_act(Instances& instances, const PlanIndex& plan,
                                 const History& history, const PastCall& past) {
  const PlannedCall* shown = shown_as(plan, history, past);
  if (!shown) {
    return fail({.code = "run.unknown_call",
                 .message = "call " + past.id + " of the journal is not in the run's plan",
                 .category = Category::kCorrupt});
  }
  auto act = standing_act(past, *shown, instances);
  if (!act) return act;
  auto args = with_results(history, past.args);
  if (!args) return fail(args.error());
  act->args = std::move(*args);
  for (const PastCall* child : history.nested_in(past.id)) {
    if (!leaves_something(*child)) continue;
    auto inner = standing_act(instances, plan, history, *child);
    if (!inner) return inner;
    act->nested.push_back(std::move(*inner));
  }
  return act;
}

const PlannedCall* shown_as(const PlanIndex& plan, const History& history, const PastCall& past) {
  if (past.parent.empty()) return plan.call(past.id);
  const PastCall* parent = history.find(past.parent);
  return parent ? shown_as(plan, history, *parent) : nullptr;
}

Result<std::vector<StandingAct>> standing_acts(Instances& instances, const Plan& plan,
                                               const History& history) {
  const PlanIndex index(plan);
  std::multimap<std::uint64_t, StandingAct> by_seq;
  for (const PastCall& past : history.calls()) {
    if (!past.parent.empty() || is_on_the_way_back(past.id)) continue;
    const bool nested_stand = !past.undone && !history.nested_in(past.id).empty();
    if (!leaves_something(past) && !nested_stand) continue;
    auto act = standing_act(instances, index, history, past);
    if (!act) return fail(act.error());
    by_seq.emplace(past.begun, std::move(*act));
  }
  for (const auto& [id, past] : history.parts()) {
    const PlannedPart* part = plan.part(id);
    if (past.registered && part) by_seq.emplace(past.seq, added_to_the_way_back(*part));
  }
  std::vector<StandingAct> acts;
  for (auto& [seq, act] : by_seq) acts.push_back(std::move(act));
  return acts;
}

bool Executor::State::was_dead_before(const StandingAct& act) const {
  const std::uint64_t when = began(act);
  return std::any_of(
      plan().restores.begin(), plan().restores.end(), [&](const PlannedRestore& restore) {
        if (act.added || restore.target != act.instance->name()) return false;
        const PastRead* before = known.read(restore.id + ".before");
        return before && before->seq < when && !before->value.at("healthy").bool_or(true);
      });
}

Result<> Executor::State::stand_by_the_journal(std::string_view scope, std::size_t from) {
  if (!request.history) return {};
  auto all = standing_acts(request.instances, plan(), known);
  if (!all) return fail(all.error());
  for (StandingAct& act : *all) {
    if (!scope.empty() && !stands_in(act.call_id, scope)) continue;
    if (!stood.insert(act.call_id).second) continue;
    act.was_dead = was_dead_before(act);
    if (!act.staging) tried = touched = true;
    here->standing.push_back(std::move(act));
  }
  std::stable_sort(here->standing.begin() + static_cast<std::ptrdiff_t>(from), here->standing.end(),
                   [&](const StandingAct& a, const StandingAct& b) { return began(a) < began(b); });
  return {};
}

}  // namespace snapcore
