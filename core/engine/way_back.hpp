// What a runbook adds to its way back with on_rollback. The runbook itself is not needed any more:
// the calls stand in the plan, with their arguments, and are made from there.
#pragma once

#include <string>
#include <vector>

#include "engine/undo_stack.hpp"

namespace snapcore {

// Arguments as the plan has them, with what the calls of the run gave in the place of what was
// known later.
Result<Value> with_results(const History& history, const Value& args);

// Can `rollback RUN` make it, and make it again when it was cut off? Verifies, and acts that are
// safe to repeat.
Result<> check_on_the_way_back(const PlannedCall& call, const Operation& operation);

// As it stands on the way back, registered by the journal's record of it.
StandingAct added_to_the_way_back(const PlannedPart& part);

// Makes its calls, each in its records; those that were made since it was registered are not made
// again. Gives what they did, in words.
Result<std::vector<std::string>> make_added(const UndoScene& scene, const PlannedPart& part);

// It holds an act, so that taking it touches something live.
bool holds_acts(const Plan& plan, const PlannedPart& part);

}  // namespace snapcore
