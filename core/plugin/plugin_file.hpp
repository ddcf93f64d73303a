// What a file is before it is trusted.
#pragma once

#include <filesystem>
#include <snapcore/error.hpp>
#include <string>

namespace snapcore {

// "plugin.unsafe_file" when the file, or a directory it is reached through, belongs to somebody
// else than root and the caller, or can be written by others. "plugin.not_found" when there is no
// such file.
Result<> check_safe(const std::filesystem::path& path);

Result<std::string> hash_file(const std::filesystem::path& path);

}  // namespace snapcore
