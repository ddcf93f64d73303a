// Writes the files for editors: snapcore.lua and .luarc.json.
#pragma once

#include <filesystem>

#include "base/file_system.hpp"
#include "cli/command.hpp"

namespace snapcore {

// For every plugin that is found and, with a site, its instances. A file that is not generated
// stays as it is: "arguments.would_overwrite" for the stubs; settings that are there are left
// alone, and that is said. A plugin that cannot be used is said, too, and left out.
Result<ExitCode> write_stubs(Invocation& invocation, FileSystem& fs,
                             const std::filesystem::path& directory);

}  // namespace snapcore
