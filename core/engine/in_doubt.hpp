// The command by which a person says that a call in doubt was done.
#pragma once

#include <string>

#include "engine/plan.hpp"

namespace snapcore {

// "snapcore resolve RUN CALL --done", with the members of the result that nobody predicted, each
// with dots in the place of its value; a nested call, which stands in no plan, needs none.
std::string resolve_command(const std::string& run, const std::string& call,
                            const PlannedCall* planned);

}  // namespace snapcore
