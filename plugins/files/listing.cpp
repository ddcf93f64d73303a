#include "listing.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <snapcore/utf8.hpp>
#include <vector>

#include "names.hpp"

namespace local_files {

using snapcore::fail;
using snapcore::Result;
using snapcore::files::system_error;

namespace {

constexpr int kDeepest = 32;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// The names in an open folder that may be of interest, in order.
Result<std::vector<std::string>> names_in(int folder, const std::string& shown_path) {
  // A descriptor of its own: reading moves its position.
  UniqueFd fd(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail(system_error(errno, "cannot list", shown_path));
  const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(fd.get()));
  if (!directory) return fail(system_error(errno, "cannot list", shown_path));
  (void)fd.release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (!entry && errno != 0) return fail(system_error(errno, "cannot list", shown_path));
    if (!entry) break;
    if (!is_hidden(entry->d_name)) names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Walk {
 public:
  Walk(const Folder& folder, std::string_view prefix, const Listing& listing)
      : folder_(folder), prefix_(prefix), listing_(listing) {}

  Result<> enter(int folder, const std::string& at, int depth) {
    auto names = names_in(folder, shown(folder_.full(at)));
    if (!names) return fail(names.error());
    for (const std::string& name : *names) {
      if (auto going = listing_.keep_going(); !going) return going;
      const std::string ref = at.empty() ? name : at + "/" + name;
      if (!may_match(ref)) continue;
      if (auto done = entry(folder, name, ref, depth); !done) return done;
    }
    return {};
  }

 private:
  // True while `ref` is, or leads to, something that starts with the prefix.
  bool may_match(std::string_view ref) const {
    return ref.starts_with(prefix_) || prefix_.starts_with(std::string(ref) + "/");
  }

  Result<> entry(int folder, const std::string& name, const std::string& ref, int depth) {
    struct stat found = {};
    if (::fstatat(folder, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return {};  // gone since the folder was read
      listing_.skipped(system_error(errno, "cannot examine", shown(folder_.full(ref))).message);
      return {};
    }
    if (S_ISDIR(found.st_mode)) return subfolder(folder, name, ref, depth);
    if (!is_artifact_name(name) || !ref.starts_with(prefix_)) return {};
    if (S_ISLNK(found.st_mode)) {
      // Listed, it would be counted twice.
      listing_.skipped(shown(folder_.full(ref)) + " is left out: it is a link; name it to use it");
    }
    if (!S_ISREG(found.st_mode)) return {};
    if (!snapcore::is_utf8(ref)) {
      listing_.skipped(shown(folder_.full(ref)) + " is left out: its name is not UTF-8");
      return {};
    }
    return listing_.found(folder, name, ref, found);
  }

  Result<> subfolder(int folder, const std::string& name, const std::string& ref, int depth) {
    if (depth >= kDeepest) {
      listing_.skipped(shown(folder_.full(ref)) + " is left out: it lies too deep");
      return {};
    }
    const UniqueFd fd(
        ::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!fd) {
      if (errno != ENOENT) {
        listing_.skipped(
            system_error(errno, "left out: cannot open", shown(folder_.full(ref))).message);
      }
      return {};
    }
    return enter(fd.get(), ref, depth + 1);
  }

  const Folder& folder_;
  std::string_view prefix_;
  const Listing& listing_;
};

}  // namespace

Result<> walk(const Folder& folder, std::string_view prefix, const Listing& listing) {
  return Walk(folder, prefix, listing).enter(folder.fd(), "", 0);
}

}  // namespace local_files
