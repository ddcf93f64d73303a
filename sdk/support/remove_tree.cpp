// Removal by directory descriptors: what is opened is what was looked at, so that a directory
// swapped for a link while this runs cannot lead it elsewhere.
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "files.hpp"

namespace snapcore::files {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

class Removal {
 public:
  Removal(TreeLimits limits, dev_t device)
      : left_(limits.entries), limits_(limits), device_(device) {}

  // `name` relative to the open directory `at`; `shown` is for messages.
  Result<> entry(int at, const char* name, const Path& shown, int depth) {
    struct stat found = {};
    if (::fstatat(at, name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
      return errno == ENOENT ? Result<>() : fail(system_error(errno, "cannot examine", shown));
    }
    if (left_-- == 0) return too_large(shown, "holds too many entries");
    if (!S_ISDIR(found.st_mode)) return unlink(at, name, shown, 0);
    if (depth >= limits_.depth) return too_large(shown, "lies too deep");
    if (found.st_dev != device_) {
      return fail(
          {.code = "files.busy",
           .message = "cannot remove " + shown.string() + ": another file system is mounted there",
           .category = Category::kPrecondition});
    }
    if (auto emptied = contents(at, name, shown, depth); !emptied) return emptied;
    return unlink(at, name, shown, AT_REMOVEDIR);
  }

 private:
  Result<> contents(int at, const char* name, const Path& shown, int depth) {
    UniqueFd fd(::openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) return fail(system_error(errno, "cannot open the directory", shown));
    const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(fd.get()));
    if (!directory) return fail(system_error(errno, "cannot list", shown));
    const int descriptor = fd.release();  // closedir closes it
    for (;;) {
      errno = 0;
      const dirent* next = ::readdir(directory.get());
      if (!next) {
        return errno == 0 ? Result<>() : fail(system_error(errno, "cannot list", shown));
      }
      const std::string_view child = next->d_name;
      if (child == "." || child == "..") continue;
      if (auto removed = entry(descriptor, next->d_name, shown / child, depth + 1); !removed) {
        return removed;
      }
    }
  }

  static Result<> unlink(int at, const char* name, const Path& shown, int flags) {
    if (::unlinkat(at, name, flags) != 0 && errno != ENOENT) {
      return fail(system_error(errno, "cannot remove", shown));
    }
    return {};
  }

  static Result<> too_large(const Path& shown, std::string_view why) {
    return fail({.code = "files.too_large",
                 .message = "the removal stopped: " + shown.string() + " " + std::string(why),
                 .category = Category::kPrecondition,
                 .outcome = Outcome::kHappened});
  }

  std::size_t left_;
  TreeLimits limits_;
  dev_t device_;
};

}  // namespace

Result<> remove_tree(const Path& path, TreeLimits limits) {
  auto found = look_at(path);
  if (!found) return fail(found.error());
  if (!*found) return {};
  Path parent = path.parent_path();
  // A mount point is no tree of ours to remove: compare with the directory above.
  struct stat above = {};
  if (::stat(parent.empty() ? "." : parent.c_str(), &above) != 0) {
    return fail(system_error(errno, "cannot examine", parent));
  }
  return Removal(limits, above.st_dev).entry(AT_FDCWD, path.c_str(), path, 0);
}

}  // namespace snapcore::files
