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

// For calls that may only ask: a nested read runs, anything else is "plugin.act_in_read".
std::function<Result<Value>(const NestedRequest&)> nested_reads(Instances& instances,
                                                                const Instance& caller,
                                                                const std::atomic<bool>* cancelled,
                                                                Turn* turn = nullptr);

}  // namespace snapcore
