// When the state directory is full, or cannot be written to: how the same command is given with a
// journal in memory, or why that cannot be.
#pragma once

#include <filesystem>
#include <snapcore/error.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.hpp"

namespace snapcore {

// The error with that as its hint; any other error as it is. `arguments` are the whole command
// line.
Error with_emergency_journal(Error error, std::string_view command, const Globals& globals,
                             const std::vector<std::string>& arguments,
                             const std::filesystem::path& memory = "/dev/shm");

}  // namespace snapcore
