// Where the state lies.
#pragma once

#include <optional>
#include <string>

#include "base/file_system.hpp"

namespace snapcore {

// What decides the place, apart from the command line.
struct StateEnvironment {
  bool root = false;
  std::optional<std::string> snapcore_state = {};  // SNAPCORE_STATE
  std::optional<std::string> xdg_state_home = {};  // XDG_STATE_HOME
  std::optional<std::string> home = {};            // HOME

  static StateEnvironment of_this_process();
};

// `option` (--state), then SNAPCORE_STATE, /var/lib/snapcore for root, else
// $XDG_STATE_HOME/snapcore or
// ~/.local/state/snapcore. Absolute; nothing is made. "state.no_place" when none of them says
// anything.
Result<Path> find_state_directory(const std::optional<Path>& option,
                                  const StateEnvironment& environment);

// Whether it lies, or would lie, on a file system that forgets everything when the machine stops.
bool is_in_memory(const Path& state);

}  // namespace snapcore
