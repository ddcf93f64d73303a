// The types of outputs, as a state writes them: "string", ["list","number"], ["object",{...}].
#pragma once

#include <format/json_node.hpp>

namespace tfstate {

bool is_output_type(const Node& type);

// Whether the tools would take the value for one of the type.
bool fits_output_type(const Node& value, const Node& type);

}  // namespace tfstate
