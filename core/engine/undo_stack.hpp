// The acts that stand, newest last, and the way back through them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/executor.hpp"
#include "engine/live_call.hpp"

namespace snapcore {

// One act that was begun. It stands until it was undone, or until it turned out that nothing
// happened.
struct StandingAct {
  const PlannedCall* planned = nullptr;
  std::shared_ptr<Instance> instance;
  const Operation* operation = nullptr;
  std::string call_id;
  Value args;
  std::optional<Value> result = {};  // set once it succeeded
  std::optional<Value> undo = {};    // what the plugin recorded, the latest
  bool staging = false;              // touches nothing live; its way back is discard
  bool was_dead = false;             // its target was not healthy before
  std::vector<StandingAct> nested = {};
};

struct UndoScene {
  Instances& instances;
  Journal& journal;
  Audience& audience;
  std::string run_id;
  std::string started;
  std::filesystem::path scratch_root;
};

// Takes one act back: discard for what was staged, the children in reverse for `nested`, else
// compensate. Both records are in the journal when it returns. The words are what the plugin says
// it did.
Result<std::vector<std::string>> undo(const UndoScene& scene, const StandingAct& act);

// As people are shown it.
Standing describe(const StandingAct& act);

}  // namespace snapcore
