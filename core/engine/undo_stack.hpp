// The acts that stand, newest last, and the way back through them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/executor.hpp"
#include "engine/live_call.hpp"
#include "engine/plan_index.hpp"

namespace snapcore {

// One act that was begun. It stands until it was undone, or until it turned out that nothing
// happened.
struct StandingAct {
  const PlannedCall* planned = nullptr;
  std::shared_ptr<Instance> instance = nullptr;
  const Operation* operation = nullptr;
  std::string call_id = {};
  Value args = {};
  std::optional<Value> result = {};  // set once it succeeded
  std::optional<Value> undo = {};    // what the plugin recorded, the latest
  bool staging = false;              // touches nothing live; its way back is discard
  bool was_dead = false;             // its target was not healthy before
  bool half_undone = false;          // its way back failed in the middle
  std::vector<StandingAct> nested = {};
  // In place of an act, and with the part's id as call_id: what an on_rollback adds here.
  const PlannedPart* added = nullptr;
};

// Touches nothing live: what a target's `stage` makes.
bool is_staging(const Instance& instance, const Operation& operation);

// An operation by the names that plan and journal have for it. "site.unknown_instance",
// "plugin.unknown_operation" when it is not there any more.
struct PastOperation {
  std::shared_ptr<Instance> instance;
  const Operation* operation;
};
Result<PastOperation> past_operation(Instances& instances, const std::string& instance,
                                     const std::string& operation);

// What became of the activation of what this `stage` call staged; null while it was not begun.
const PastCall* activation_of(const History& history, std::string_view stage);

// An act from before, without the calls nested in it. Its arguments are as the journal has them.
Result<StandingAct> standing_act(const PastCall& past, const PlannedCall& shown,
                                 Instances& instances);

// The same with its arguments as they were and all that stands of what was made inside of it.
Result<StandingAct> standing_act(Instances& instances, const PlanIndex& plan,
                                 const History& history, const PastCall& past);

// A nested call stands in the plan as part of the call that makes it. Null when the plan has none.
const PlannedCall* shown_as(const PlanIndex& plan, const History& history, const PastCall& past);

// Whether there is, or may be, anything of it.
bool leaves_something(const PastCall& past);

// All that stands of a run, oldest first, what the runbook added to its way back among them.
Result<std::vector<StandingAct>> standing_acts(Instances& instances, const Plan& plan,
                                               const History& history);

struct UndoScene {
  Instances& instances;
  Journal& journal;
  Audience& audience;
  std::string run_id;
  std::string started;
  std::filesystem::path scratch_root;
  const Plan& plan;
  const History& history;  // hears what the journal takes
  // Asked before each act is taken back, and before each that an on_rollback added.
  std::function<Result<>(const PlannedCall&)> may_act = {};
  Turn* turn = nullptr;  // given away while a plugin runs
};

// Takes one act back: discard for what was staged, the children in reverse for `nested`, else
// compensate. Both records are in the journal when it returns. The words are what the plugin says
// it did.
// `begun`: whether anything of it was tried, also when it fails.
Result<std::vector<std::string>> undo(const UndoScene& scene, const StandingAct& act,
                                      bool* begun = nullptr);

// Takes the newest back and tells the audience and the report. False: it could not be.
bool undo_last(const UndoScene& scene, std::vector<StandingAct>& standing, RunReport& report);

// The last record of a run, and in the report what still stands. `end` says how it ended where that
// is not what the report says; null: it is.
void conclude(RunReport& report, const std::vector<StandingAct>& standing, Journal& journal,
              Value end = {});

// As people are shown it.
Standing describe(const StandingAct& act);

}  // namespace snapcore
