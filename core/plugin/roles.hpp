// What a plugin that takes a role must be able to do: the verbs of sdk/doc/abi.md.
#pragma once

#include <optional>
#include <string>

#include "plugin/manifest.hpp"

namespace snapcore {

// What the manifest's roles lack, in words; nothing when they are complete.
std::optional<std::string> find_role_problem(const Manifest& manifest);

}  // namespace snapcore
