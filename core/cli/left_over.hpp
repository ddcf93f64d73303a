// Programs that a run began and that outlived it: a stop command that still stops, while the run
// that waited for it was killed.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/sleeper.hpp"
#include "cli/command.hpp"

namespace snapcore {

// Programs that this process starts from now on are known as the run's, by their environment.
void mark_children(const std::string& run_id);

struct LeftOver {
  pid_t pid = 0;
  std::string command;
};

// Those of the run that still have somebody to report to. A service that a program left behind has
// turned its output elsewhere, and is none.
std::vector<LeftOver> left_over_of(const std::string& run_id,
                                   const std::filesystem::path& proc = "/proc");

// Waits a while until they have ended, and says which did not: whoever goes on should know.
void wait_for_left_over(Invocation& invocation, const std::string& run_id, Sleeper& sleeper);

}  // namespace snapcore
