#include "folder.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "names.hpp"

namespace local_files {

using snapcore::Category;
using snapcore::fail;
using snapcore::Result;
using snapcore::files::system_error;

namespace {

int open_strictly(int at, const std::string& relative, int flags) {
  open_how how = {};
  how.flags = static_cast<__u64>(flags | O_CLOEXEC);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, at, relative.c_str(), &how, sizeof how));
}

// For kernels, and containers, without openat2: part by part, and no links at all.
int open_part_by_part(int at, std::string_view relative, int flags) {
  UniqueFd here(::fcntl(at, F_DUPFD_CLOEXEC, 3));
  for (;;) {
    const auto slash = relative.find('/');
    const std::string part(relative.substr(0, slash));
    const bool last = slash == std::string_view::npos;
    UniqueFd next(::openat(here.get(), part.c_str(),
                           (last ? flags : O_RDONLY | O_DIRECTORY) | O_CLOEXEC | O_NOFOLLOW));
    if (!next || last) return next.release();
    here = std::move(next);
    relative.remove_prefix(slash + 1);
  }
}

}  // namespace

Result<Folder> Folder::open(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail(system_error(errno, "cannot open the directory", path));
  return Folder(std::move(fd), path);
}

Result<UniqueFd> Folder::open_beneath(std::string_view relative, int flags) const {
  const std::string path = relative.empty() ? "." : std::string(relative);
  UniqueFd fd(open_strictly(fd_.get(), path, flags));
  if (!fd && (errno == ENOSYS || errno == EPERM)) {
    fd = UniqueFd(open_part_by_part(fd_.get(), path, flags));
  }
  if (fd) return fd;
  const int number = errno;
  const std::string name = shown(full(relative));
  if (number == EXDEV) {
    return fail({.code = "files.outside",
                 .message = name + " leads out of the directory of the source",
                 .category = Category::kPrecondition});
  }
  return fail(system_error(number, "cannot open", name));
}

Result<UniqueFd> Folder::open_folder(std::string_view relative) const {
  return open_beneath(relative, O_RDONLY | O_DIRECTORY);
}

Result<UniqueFd> Folder::open_file(std::string_view ref) const {
  // O_NONBLOCK: a pipe must not make us wait for its other end.
  auto fd = open_beneath(ref, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd) return fd;
  struct stat found = {};
  if (::fstat(fd->get(), &found) != 0) {
    return fail(system_error(errno, "cannot examine", full(ref)));
  }
  if (!S_ISREG(found.st_mode)) {
    return fail({.code = "files.not_regular",
                 .message = shown(full(ref)) + " is not a regular file",
                 .category = Category::kPrecondition});
  }
  return fd;
}

std::vector<std::string> Folder::missing_folders(std::string_view relative) const {
  std::vector<std::string> missing;
  for (; !relative.empty(); relative = folder_of(relative)) {
    auto there = open_folder(relative);
    if (there || there.error().code != "files.not_found") break;
    missing.insert(missing.begin(), std::string(relative));
  }
  return missing;
}

Result<UniqueFd> Folder::make_folders(std::string_view relative,
                                      std::vector<std::string>& made) const {
  for (std::size_t at = 0; !relative.empty() && at <= relative.size();) {
    const std::size_t end = std::min(relative.find('/', at), relative.size());
    const std::string part(relative.substr(at, end - at));
    const std::string so_far(relative.substr(0, end));
    auto parent = open_folder(relative.substr(0, at == 0 ? 0 : at - 1));
    if (!parent) return parent;
    if (::mkdirat(parent->get(), part.c_str(), 0700) == 0) {
      made.push_back(so_far);
      if (::fsync(parent->get()) != 0)
        return fail(system_error(errno, "cannot sync", full(so_far)));
    } else if (errno != EEXIST) {
      return fail(system_error(errno, "cannot make the directory", full(so_far)));
    }
    at = end + 1;
  }
  return open_folder(relative);
}

}  // namespace local_files
