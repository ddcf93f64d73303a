// Where leases are kept, for all runs that must not meet.
//
// A store knows no rules: it keeps the last writing of each key and numbers that are never given
// twice. Both can be had from files under a lock as from objects that can only be created (one a
// revision, one a number), so nothing here is a file.
#pragma once

#include <snapcore/error.hpp>
#include <string>
#include <vector>

#include "lease/lease.hpp"

namespace snapcore {

struct KnownLeases {
  std::vector<Lease> leases = {};   // sorted by key, released ones too
  std::vector<Error> damaged = {};  // what could not be read: "lease.damaged", "lease.newer"
};

// Each function may be called by any thread of any process at any time.
//
// Errors: "lease.damaged" names what cannot be trusted, "lease.newer" what a newer snapcore wrote;
// neither is ever taken for a free lease. "lease.store_busy" may go away by itself;
// "lease.store_failed" has its cause below it.
class LeaseStore {
 public:
  virtual ~LeaseStore() = default;

  // As last written; nothing when the key was never leased.
  virtual Result<std::optional<Lease>> read(const std::string& key) = 0;

  // Durable on return. "lease.changed", and nothing happened, unless the revision follows the one
  // that is stored: of several who read the same one wins.
  virtual Result<> write(const Lease& lease) = 0;

  // A number greater than `after` and than every number drawn before, by whomever.
  virtual Result<std::uint64_t> draw_fence(std::uint64_t after) = 0;

  virtual Result<KnownLeases> list() = 0;
};

}  // namespace snapcore
