#include "renaming.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <snapcore/support/files.hpp>

namespace etcd {

namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::Category;
using snapcore::fail;

Found look(const fs::path& path) {
  const auto found = files::look_at(path);
  if (!found || !*found) return {};
  return {.there = true, .inode = (*found)->st_ino};
}

// Some file systems cannot refuse to replace; nobody else works in these directories meanwhile.
Result<> move_durably(const fs::path& from, const fs::path& to) {
  auto renamed = files::rename_no_replace(from, to);
  if (renamed || renamed.error().code != "files.unsupported") return renamed;
  if (look(to).there) {
    return fail({.code = "files.exists",
                 .message = "cannot rename " + from.string() + ": " + to.string() + " is there",
                 .category = Category::kConflict});
  }
  if (::rename(from.c_str(), to.c_str()) != 0)
    return fail(files::system_error(errno, "cannot rename to", to));
  if (auto synced = files::fsync_directory(to.parent_path()); !synced) return synced;
  return files::fsync_directory(from.parent_path());
}

Result<> make(const MadeDirectory& directory) {
  auto made = files::make_directory(
      directory.path, {.mode = 0700, .owner = directory.user, .group = directory.group});
  if (!made && made.error().code != "files.exists") return made;
  return files::fsync_directory(fs::path(directory.path).parent_path());
}

void remove_when_empty(const MadeDirectory& directory) {
  if (::rmdir(directory.path.c_str()) == 0)
    (void)files::fsync_directory(fs::path(directory.path).parent_path());
}

Result<std::vector<std::string>> names_in(const fs::path& dir) {
  std::error_code problem;
  std::vector<std::string> names;
  for (fs::directory_iterator at(dir, problem), end; !problem && at != end; at.increment(problem))
    names.push_back(at->path().filename().string());
  if (problem) return fail(files::system_error(problem.value(), "cannot list", dir));
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace etcd
