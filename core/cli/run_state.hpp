// How it stands with a run, by what its journal, its lock and its leases say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "journal/runs.hpp"
#include "lease/lease.hpp"
#include "lease/leases.hpp"
#include "lease/processes.hpp"

namespace snapcore {

// It was killed before its first record: nothing was done under it.
bool never_began(const RunSummary& run);

// It came to an end, and there is nothing to go on with or to hold anything for.
bool is_over(const RunSummary& run);

// By its journal. Where nobody can tell, it may have left anything.
Remains remains_of(Runs& runs, const std::string& id);

// What the leases that a run holds say of its process.
struct LastSeen {
  Lease lease = {};  // the one renewed last
  Liveness process = Liveness::kUnknown;
};
std::optional<LastSeen> last_seen(const std::vector<Lease>& leases, const Processes& processes,
                                  const std::string& run);

// A run without an end whose process is at it, or may well be: it cannot be looked for from here,
// and its lease has not expired.
bool may_go_on(const std::optional<LastSeen>& seen, Time now);

// "goes on on db2, as far as its lease says: renewed 20 seconds ago, at T".
std::string words_without_an_end(const std::optional<LastSeen>& seen, Time now);

}  // namespace snapcore
