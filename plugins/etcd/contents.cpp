#include "contents.hpp"

#include <filesystem>
#include <format/wal.hpp>
#include <snapcore/support/process.hpp>

#include "own_files.hpp"
#include "renaming.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
using snapcore::fail;

Result<std::vector<std::string>> log_in(const fs::path& dir) {
  auto names = names_in(dir);
  if (names) std::erase_if(*names, [](const std::string& name) { return !is_of_the_log(name); });
  return names;
}

// It bears the name of a backup, too.
fs::path part_of(const Contents& contents) {
  const fs::path backup = contents.backup;
  return backup.parent_path() / ("part-of-" + backup.filename().string());
}

MadeDirectory made_part(const Contents& contents) {
  return {.path = part_of(contents).string(), .user = contents.user, .group = contents.group};
}

Result<> move_all(const fs::path& from, const fs::path& to, const Step& step) {
  const auto names = log_in(from);
  if (!names) return fail(names.error());
  for (const std::string& name : *names) {
    if (auto go = step("rename " + (from / name).string() + " to " + (to / name).string()); !go)
      return go;
    if (auto moved = move_durably(from / name, to / name); !moved) return moved;
  }
  return {};
}

Result<> move_back(const fs::path& from, const fs::path& to, bool keeps, const Step& step,
                   std::vector<Move>* taken) {
  if (auto go = step("rename " + from.string() + " back to " + to.string()); !go) return go;
  const std::uint64_t inode = look(from).inode;
  if (auto moved = move_durably(from, to); !moved) return moved;
  if (taken) taken->push_back({to.string(), from.string(), inode, keeps});
  return {};
}

Result<> move_all_back(const fs::path& from, const fs::path& to, bool keeps, const Step& step,
                       std::vector<Move>* taken) {
  const auto names = log_in(from);
  if (!names) return fail(names.error());
  for (const std::string& name : *names) {
    if (auto moved = move_back(from / name, to / name, keeps, step, taken); !moved) return moved;
  }
  return {};
}

std::string quoted_path(const fs::path& path) {
  return snapcore::process::shell_quoted(path.string());
}

std::string find_log_in(const fs::path& dir) {
  std::string names;
  for (const std::string_view end : kOfTheLog)
    names += std::string(names.empty() ? "" : " -o") + " -name '*" + std::string(end) + "'";
  return "find " + quoted_path(dir) + " -mindepth 1 -maxdepth 1 \\(" + names + " \\)";
}

}  // namespace

MadeDirectory staged_shell(const Contents& contents) {
  return {.path = contents.staged, .user = contents.user, .group = contents.group};
}

bool has_begun(const Contents& contents) {
  return look(contents.backup).there || look(part_of(contents)).there;
}

std::string shell_of_being_there(const Contents& contents) {
  const std::string first = quoted_path(fs::path(contents.live) / wal::kFirstSegment);
  return "[ -e " + quoted_path(contents.backup) + " ] || [ -e " + quoted_path(part_of(contents)) +
         " ] || { [ -n \"$(" + find_log_in(contents.live) +
         " -print -quit 2>/dev/null)\" ] && [ \"$(stat -c %i " + first +
         " 2>/dev/null)\" != " + std::to_string(contents.first_segment) + " ]; }";
}

Result<> put_in(const Contents& contents, const Step& step) {
  const MadeDirectory part = made_part(contents);
  if (auto go = step("make " + part.path); !go) return go;
  if (auto made = make(part); !made) return made;
  if (auto moved = move_all(contents.live, part.path, step); !moved) return moved;
  if (auto go = step("rename " + part.path + " to " + contents.backup); !go) return go;
  if (auto renamed = move_durably(part.path, contents.backup); !renamed) return renamed;
  if (auto moved = move_all(contents.staged, contents.live, step); !moved) return moved;
  if (auto go = step("remove the empty " + contents.staged); !go) return go;
  remove_when_empty(staged_shell(contents));
  return {};
}

Result<> take_out(const Contents& contents, const Step& step, std::vector<Move>* taken) {
  const fs::path part = part_of(contents);
  if (look(contents.backup).there) {
    if (auto made = make(staged_shell(contents)); !made) return made;
    if (auto out = move_all_back(contents.live, contents.staged, false, step, taken); !out)
      return out;
    if (auto renamed = move_back(contents.backup, part, true, step, taken); !renamed)
      return renamed;
  }
  if (!look(part).there) return {};
  return move_all_back(part, contents.live, true, step, taken);
}

void forget(const Contents& contents) { remove_when_empty(made_part(contents)); }

std::vector<std::string> shell_of_taking_out(const Contents& contents) {
  const std::string backup = quoted_path(contents.backup);
  const std::string part = quoted_path(part_of(contents));
  return {
      "mkdir -p -m 0700 -- " + quoted_path(contents.staged),
      "if [ -e " + backup + " ]; then " + find_log_in(contents.live) + " -exec mv -t " +
          quoted_path(contents.staged) + " -- {} + && mv -T -- " + backup + " " + part + "; fi",
      "if [ -e " + part + " ]; then " + find_log_in(part_of(contents)) + " -exec mv -t " +
          quoted_path(contents.live) + " -- {} + && rmdir -- " + part + "; fi",
  };
}

}  // namespace etcd
