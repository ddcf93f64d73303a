// Operations that the core adds to every source and target, made of the verbs of their role.
//
// Sources: latest, list, stat. Targets: restore. What a runbook may not call by itself is here too:
// the verbs that only make sense inside the core's sequences.
#pragma once

#include <string_view>
#include <vector>

#include "plugin/manifest.hpp"

namespace snapcore {

enum class CoreOperation { kNone, kLatest, kList, kStat, kRestore };

CoreOperation core_operation(const Manifest& manifest, std::string_view operation);
std::vector<std::string> operations_of(const Manifest& manifest);

// The schema of a core operation's arguments and result; restore's is the union of its verbs'.
Value core_args_schema(CoreOperation operation, const Manifest& manifest);
Value core_result_schema(CoreOperation operation);

// The plugin's operation, when a runbook may call it. "runbook.unknown_operation",
// "runbook.core_verb".
Result<const Operation*> callable_operation(const Manifest& manifest, std::string_view instance,
                                            std::string_view name);

// latest, list and stat answer while planning, and the same ever after.
inline bool is_choice(CoreOperation operation) {
  return operation != CoreOperation::kNone && operation != CoreOperation::kRestore;
}
// Where such a one stands in a wait_until, which looks for what changes.
Error choice_in_wait(const std::string& what);

// The JSON Schema of an artifact, as runbooks see it.
const Value& artifact_schema();

// What the verbs after `stage` get from it, as later values: `staged` and `expected`.
void hand_over_staged(const std::string& restore_id, const Manifest& manifest, Value& args);

// The members of `args` that the operation's schema names.
Value arguments_for(const Operation& operation, const Value& args);

}  // namespace snapcore
