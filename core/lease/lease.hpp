// A lease: the right of one run to act on one resource, for a time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace snapcore {

// A process, named so that a reused pid is not mistaken for it, also after a restart of the
// machine.
struct Process {
  std::int64_t pid = 0;
  std::uint64_t start_ticks = 0;  // since boot
  std::string boot = {};          // the kernel's boot id
  std::string pid_space = {};     // in which the pid counts: containers have their own

  friend bool operator==(const Process&, const Process&) = default;
};

struct LeaseHolder {
  std::string run = {};
  std::string host = {};
  Process process = {};
  std::string words = {};  // the operator's, for whoever is turned away

  friend bool operator==(const LeaseHolder&, const LeaseHolder&) = default;
};

// What is known of a resource that was leased once. It outlives the right: a released lease keeps
// its fence, so that the next one gets a higher one.
struct Lease {
  std::string key = {};  // of the resource, as a plugin names it: "notes-dir:db1:/srv/notes"
  LeaseHolder holder = {};
  Time acquired = {};
  Time renewed = {};
  Time expires = {};
  std::optional<Time> released = {};  // nobody holds it since
  std::uint64_t fence = 0;     // the number of the acquisition: later ones in a store are higher
  std::uint64_t revision = 0;  // 1 when first written, one more with every writing

  friend bool operator==(const Lease&, const Lease&) = default;
};

}  // namespace snapcore
