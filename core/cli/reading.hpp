// Reads outside of runbooks: what `list`, `show` and `call` ask at once.
#pragma once

#include "cli/command.hpp"
#include "cli/items.hpp"
#include "cli/open_site.hpp"

namespace snapcore {

// Every artifact to ask for (cli/arguments.hpp) becomes what its source says of it.
Result<Value> resolve_artifacts(Instances& instances, const Value& args,
                                const std::atomic<bool>& cancelled);

// A read of a plugin, or latest, list, stat of the core. What it emits, and its log, goes to
// `items` at once.
Result<Value> read_operation(Instances& instances, const NamedOperation& named, const Value& args,
                             Invocation& invocation, ItemPrinter& items);

}  // namespace snapcore
