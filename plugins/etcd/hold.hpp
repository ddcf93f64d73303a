// One swap at a time of a member's data, whoever makes it.
//
// Leases are in a state directory, and two runs with two of them know nothing of each other. What
// both come to is the place of the data: a lock (flock) is taken there while members are stopped
// and directories moved. It ends with the process.
//
// What is locked is a file beside the data directory, since that is moved itself and may be
// missing; a mount point, which stays, is locked itself. The file is removed again; one that a
// killed process left stops nobody.
#pragma once

#include <filesystem>
#include <snapcore/error.hpp>
#include <snapcore/support/files.hpp>
#include <vector>

#include "place.hpp"

namespace etcd {

using snapcore::Result;

class Hold {
 public:
  // "etcd.held" when another process has one of them: nothing is waited for.
  static Result<Hold> take(const std::vector<Place>& places);

  ~Hold();
  Hold(Hold&& other) = default;
  Hold& operator=(Hold&&) = delete;

 private:
  struct Lock {
    snapcore::files::UniqueFd fd;
    std::filesystem::path file;  // to be removed; empty: a mount point
  };

  Hold() = default;

  std::vector<Lock> locks_;
};

}  // namespace etcd
