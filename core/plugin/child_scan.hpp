// The child process that looks into a plugin file first.
#pragma once

#include <chrono>
#include <filesystem>
#include <snapcore/error.hpp>
#include <string>

namespace snapcore {

// Runs `program plugin scan FILE` in a process group of its own and gives what it wrote: the
// manifest's text. "plugin.crashed" when it ended without it, "plugin.scan_timeout" when it did not
// end (then it was killed), else the error that the child reported.
Result<std::string> scan_in_child(const std::filesystem::path& program,
                                  const std::filesystem::path& file,
                                  std::chrono::milliseconds limit);

}  // namespace snapcore
