// A disk that fails at a chosen operation, for code that is linked into the test itself.
//
// The system's file functions are replaced in the whole program; while a FailingDisk lives, those
// on files below its folder are counted, and from a chosen one on, or at it alone, they fail.
// Whatever thread asks.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace snapcore::fakes {

enum class Fault {
  kFullDisk,     // whatever needs room, from then on: ENOSPC
  kInputOutput,  // anything, once: EIO
  kShortWrites,  // from then on a write moves a half of what it is given
};

class FailingDisk {
 public:
  // Counted from 1. One at a time.
  FailingDisk(const std::filesystem::path& folder, Fault fault, std::size_t nth);
  ~FailingDisk();
  FailingDisk(const FailingDisk&) = delete;
  FailingDisk& operator=(const FailingDisk&) = delete;

  bool hit() const;
  std::string operation() const;  // the first that was hit
};

}  // namespace snapcore::fakes
