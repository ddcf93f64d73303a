#include "cli/run_ownership.hpp"

#include <unistd.h>

#include "cli/text/words.hpp"

namespace snapcore {
namespace {

Error unsafe(const Path& path, const std::string& why, const Path& state) {
  return {.code = "state.unsafe",
          .message = path.string() + " " + why +
                     ": what a run carries is executed by whoever goes on with it",
          .hint =
              "nothing was done. Only if you know that nobody else wrote there:\n"
              "chown -R " +
              std::to_string(::geteuid()) + " " + shell_word(state.string()) + "\nchmod -R go-w " +
              shell_word(state.string()),
          .category = Category::kPrecondition};
}

Result<> check(FileSystem& fs, const Path& path, const Path& state) {
  const auto found = fs.status(path);
  if (!found) return fail(found.error());
  if (!*found) return {};
  const FileStatus& is = **found;
  if (is.owner != 0 && is.owner != ::geteuid())
    return fail(unsafe(path, "belongs to user " + std::to_string(is.owner), state));
  constexpr Mode kWritableByOthers = 022;
  if (is.kind != FileKind::kSymlink && (is.mode & kWritableByOthers) != 0)
    return fail(unsafe(path, "can be written by others", state));
  return {};
}

// `deeper`: what is in directories, too.
Result<> check_all_in(FileSystem& fs, const Path& directory, bool deeper, const Path& state) {
  const auto names = fs.list(directory);
  if (!names) return fail(names.error());
  for (const std::string& name : *names) {
    const Path path = directory / name;
    if (auto ours = check(fs, path, state); !ours) return ours;
    const auto found = fs.status(path);
    if (!deeper || !found || !*found || (*found)->kind != FileKind::kDirectory) continue;
    if (auto ours = check_all_in(fs, path, deeper, state); !ours) return ours;
  }
  return {};
}

}  // namespace

Result<> check_ours(FileSystem& fs, const Path& state, const Path& run) {
  for (const Path& path : {state, run.parent_path(), run}) {
    if (auto ours = check(fs, path, state); !ours) return ours;
  }
  if (auto ours = check_all_in(fs, run, false, state); !ours) return ours;
  const Path code = run / "code";
  const auto there = fs.status(code);
  if (!there || !*there) return {};
  return check_all_in(fs, code, true, state);
}

}  // namespace snapcore
