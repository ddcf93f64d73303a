#include "journal/state_directory.hpp"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cstdlib>
#include <system_error>

namespace snapcore {
namespace {

std::optional<std::string> variable(const char* name) {
  // An empty variable is as good as none, here and in the XDG specification.
  const char* text = std::getenv(name);
  return text && *text ? std::optional<std::string>(text) : std::nullopt;
}

}  // namespace

StateEnvironment StateEnvironment::of_this_process() {
  return {.root = ::geteuid() == 0,
          .snapcore_state = variable("SNAPCORE_STATE"),
          .xdg_state_home = variable("XDG_STATE_HOME"),
          .home = variable("HOME")};
}

Result<Path> find_state_directory(const std::optional<Path>& option,
                                  const StateEnvironment& environment) {
  std::optional<Path> place;
  if (option && !option->empty()) {
    place = *option;
  } else if (environment.snapcore_state) {
    place = *environment.snapcore_state;
  } else if (environment.root) {
    place = "/var/lib/snapcore";
  } else if (environment.xdg_state_home && Path(*environment.xdg_state_home).is_absolute()) {
    place = Path(*environment.xdg_state_home) / "snapcore";
  } else if (environment.home) {
    place = Path(*environment.home) / ".local/state/snapcore";
  } else {
    return fail({.code = "state.no_place",
                 .message = "there is no place for the state: neither --state nor SNAPCORE_STATE, "
                            "XDG_STATE_HOME or HOME is set",
                 .hint = "name a directory with --state",
                 .category = Category::kPrecondition});
  }
  std::error_code problem;
  Path absolute = std::filesystem::absolute(*place, problem);
  if (problem) {
    return fail({.code = "state.no_place",
                 .message = "cannot tell where the state directory " + place->string() +
                            " is: " + problem.message(),
                 .hint = "give --state as an absolute path",
                 .category = Category::kPrecondition});
  }
  absolute = absolute.lexically_normal();
  return absolute.has_filename() ? absolute : absolute.parent_path();
}

bool is_in_memory(const Path& state) {
  struct statfs there = {};
  for (Path path = state; !path.empty(); path = path.parent_path()) {
    if (::statfs(path.c_str(), &there) == 0)
      return there.f_type == TMPFS_MAGIC || there.f_type == RAMFS_MAGIC;
    if (path == path.parent_path()) break;
  }
  return false;
}

}  // namespace snapcore
