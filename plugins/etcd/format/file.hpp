// What the member directories need beyond snapcore::files: sizes, modes and owners of open files.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/support/files.hpp>

namespace etcd {

using snapcore::Result;
using snapcore::files::UniqueFd;

struct Owner {
  uid_t user = 0;
  gid_t group = 0;
};

Result<std::uint64_t> file_size(const UniqueFd& fd, const std::filesystem::path& path);
// Cuts or extends; an extension reads as zeros and takes no space yet.
Result<> set_size(const UniqueFd& fd, std::uint64_t size, const std::filesystem::path& path);
// Gives the open file mode and, when wanted, owner.
Result<> set_access(const UniqueFd& fd, mode_t mode, const std::optional<Owner>& owner,
                    const std::filesystem::path& path);
// Makes the directory when it is missing; sets mode and owner either way. Its parent must exist.
Result<> ensure_directory(const std::filesystem::path& path, mode_t mode,
                          const std::optional<Owner>& owner);

}  // namespace etcd
