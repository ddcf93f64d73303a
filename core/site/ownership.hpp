// Files that decide what is restored, and secrets, belong to root or to the caller, and nobody else
// can write them or swap them in their directory.
#pragma once

#include <filesystem>
#include <snapcore/error.hpp>
#include <string>

namespace snapcore {

// The contents, checked on the open file, so that what was checked is what is read. Errors:
// "site.unreadable_file", "site.unsafe_file".
Result<std::string> read_owned_file(const std::filesystem::path& path, std::size_t most_bytes);

}  // namespace snapcore
