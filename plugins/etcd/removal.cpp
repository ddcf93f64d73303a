// The only place that removes directories: those that bear our mark, and that the handle names.
#include <algorithm>
#include <filesystem>
#include <snapcore/support/files.hpp>

#include "own_files.hpp"
#include "renaming.hpp"
#include "staging.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::Category;
using snapcore::fail;

// What stays of it: names that are not etcd's.
using Left = std::vector<std::string>;

Result<Left> remove_all_but(const fs::path& path, Left others) {
  const auto names = names_in(path);
  if (!names) return fail(names.error());
  for (const std::string& name : *names) {
    if (std::find(others.begin(), others.end(), name) != others.end()) continue;
    if (auto removed = files::remove_tree(path / name); !removed) return fail(removed.error());
  }
  if (auto synced = files::fsync_directory(path); !synced) return fail(synced.error());
  return others;
}

Result<Left> remove(const std::string& directory, bool (*is_ours)(std::string_view)) {
  const fs::path path(directory);
  if (!path.is_absolute() || path != path.lexically_normal() ||
      !is_ours(path.filename().string())) {
    return fail({.code = "etcd.not_ours",
                 .message = directory + " does not bear a name that this plugin gives, so it stays",
                 .category = Category::kPrecondition});
  }
  const auto found = files::look_at(path);
  if (!found) return fail(found.error());
  if (!*found) return Left();
  // A data or WAL directory; not the `member` out of one, a link, or what was staged.
  const bool may_hold_more = is_ours == &names_backup && S_ISDIR((*found)->st_mode);
  if (may_hold_more && !path.filename().string().starts_with("member.")) {
    auto holdings = holdings_of(path);
    if (!holdings) return fail(holdings.error());
    if (!holdings->others.empty()) return remove_all_but(path, std::move(holdings->others));
  }
  if (auto removed = files::remove_tree(path); !removed) return fail(removed.error());
  if (auto synced = files::fsync_directory(path.parent_path()); !synced)
    return fail(synced.error());
  return Left();
}

// All of them are tried; the first problem is told.
Result<> remove_all(const std::vector<std::string>& directories) {
  Result<> result;
  for (const std::string& directory : directories) {
    auto removed = remove(directory, &names_staged);
    if (!removed && result) result = fail(removed.error());
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
      const auto left = remove(backup, &names_backup);
      if (!left) return fail(left.error());
      words.push_back(left->empty() ? "removed " + backup
                                    : "removed what etcd had in " + backup + "; " + some_of(*left) +
                                          (left->size() == 1 ? " stays there: it is"
                                                             : " stay there: they are") +
                                          " not etcd's");
    }
  }
  return words;
}

}  // namespace etcd
