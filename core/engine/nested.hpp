// Calls that a plugin makes through another instance.
#pragma once

#include <functional>
#include <memory>

#include "engine/live_call.hpp"

namespace snapcore {

struct NestedTarget {
  std::shared_ptr<Instance> instance;
  const Operation* operation = nullptr;
};

// Only an instance that the caller's own configuration names may be called.
// "plugin.foreign_instance".
Result<NestedTarget> resolve_nested(Instances& instances, const Instance& caller,
                                    const NestedRequest& request);

// What a nested read emits goes to who called it, as lines of JSON where its bytes would be.
void pass_items(LiveCall& call, OutputStream* output);

// For calls that may only ask: a nested read runs, anything else is "plugin.act_in_read".
std::function<Result<Value>(const NestedRequest&)> nested_reads(Instances& instances,
                                                                const Instance& caller,
                                                                const std::atomic<bool>* cancelled,
                                                                Turn* turn = nullptr);

// For `outer`, which takes an act back, and outlives what is returned. No plan announces what it
// does, and the journal has it as one step, so nobody knows of an act in it whether it was made
// before: it must be one that can be made again ("plugin.act_on_the_way_back"), and is told so.
std::function<Result<Value>(const NestedRequest&)> nested_on_the_way_back(const LiveCall& outer);

}  // namespace snapcore
