#include "format/file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace etcd {

namespace fs = std::filesystem;
using snapcore::fail;
using snapcore::files::system_error;

Result<std::uint64_t> file_size(const UniqueFd& fd, const fs::path& path) {
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return fail(system_error(errno, "look at", path));
  return static_cast<std::uint64_t>(status.st_size);
}

Result<> set_size(const UniqueFd& fd, std::uint64_t size, const fs::path& path) {
  if (::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
    return fail(system_error(errno, "set the size of", path));
  }
  return {};
}

Result<> set_access(const UniqueFd& fd, mode_t mode, const std::optional<Owner>& owner,
                    const fs::path& path) {
  if (owner && ::fchown(fd.get(), owner->user, owner->group) != 0) {
    return fail(system_error(errno, "change the owner of", path));
  }
  if (::fchmod(fd.get(), mode) != 0) return fail(system_error(errno, "change the mode of", path));
  return {};
}

Result<> ensure_directory(const fs::path& path, mode_t mode, const std::optional<Owner>& owner) {
  if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
    return fail(system_error(errno, "create", path));
  }
  const auto directory = snapcore::files::open_directory(path);
  if (!directory) return fail(directory.error());
  return set_access(*directory, mode, owner, path);
}

}  // namespace etcd
