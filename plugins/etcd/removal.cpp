// The only place that removes directories: those that bear our mark, and that the handle names.
#include <filesystem>
#include <snapcore/support/files.hpp>

#include "staging.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::Category;
using snapcore::fail;

Result<> remove(const std::string& directory, bool (*is_ours)(std::string_view)) {
  const fs::path path(directory);
  if (!path.is_absolute() || path != path.lexically_normal() ||
      !is_ours(path.filename().string())) {
    return fail({.code = "etcd.not_ours",
                 .message = directory + " does not bear a name that this plugin gives, so it stays",
                 .category = Category::kPrecondition});
  }
  const auto found = files::look_at(path);
  if (!found) return fail(found.error());
  if (!*found) return {};
  if (auto removed = files::remove_tree(path); !removed) return removed;
  return files::fsync_directory(path.parent_path());
}

// All of them are tried; the first problem is told.
Result<> remove_all(const std::vector<std::string>& directories) {
  Result<> result;
  for (const std::string& directory : directories) {
    auto removed = remove(directory, &names_staged);
    if (!removed && result) result = std::move(removed);
  }
  return result;
}

}  // namespace

Result<> discard(const Staged& staged) { return remove_all(staged_directories(staged)); }
Result<> discard(const StagingUndo& undo) { return remove_all(undo.directories); }

Result<std::vector<std::string>> release(const Kept& kept) {
  std::vector<std::string> words;
  for (const KeptMember& member : kept.members) {
    for (const std::string& backup : member.backups) {
      if (auto removed = remove(backup, &names_backup); !removed) return fail(removed.error());
      words.push_back("removed " + backup);
    }
  }
  return words;
}

}  // namespace etcd
