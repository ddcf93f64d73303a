// What is wrong with a runbook and its modules, as far as their text, the site and the manifests of
// its plugins tell. Nothing is asked of a system, and nothing is run but the runbook itself,
// against a gate that knows nothing.
//
// Two looks. One at the text: globals that do not exist, modules and instances that are named by a
// literal, wherever they stand. One on the way through: the runbook is run twice, and what it calls
// is compared with schemas. Where its way depends on what only a live system knows, what it runs
// into is not reported unless it is wrong whatever that system says.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/gate.hpp"
#include "engine/instances.hpp"
#include "runbook/runbook.hpp"

namespace snapcore {

// In the order of files and lines, each once. `instances` may be null: no site was found, and
// neither instances nor operations are compared. The lines name files as the runbook's sources do;
// a module is NAME.lua.
std::vector<Checking::Finding> check_runbook(const Runbook& runbook, Instances* instances,
                                             const std::map<std::string, std::string>& set_params);

}  // namespace snapcore
