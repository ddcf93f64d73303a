// Leases in words, for messages and lists.
#pragma once

#include <snapcore/error.hpp>
#include <string>
#include <vector>

#include "lease/lease.hpp"
#include "lease/leases.hpp"
#include "lease/processes.hpp"

namespace snapcore {

// "lease 7 of run R (process 4711 on db1, since T: \"words\"), expired at T; that process is gone"
std::string describe_lease(const Lease& lease, Liveness process, Time now);

// "lease.held": somebody else has it. The hint names the next command; breaking is offered only of
// a lease whose process is gone, or that has expired while nobody here can tell, or that is of
// `asking`, the run that wants it: it comes back to that one by itself.
struct StillHeld {
  std::vector<std::uint64_t> breaking = {};  // numbers that were given, and did not break this one
  Remains remains = Remains::kSomething;     // of its run, when the process is gone
};
Error held_error(const Lease& lease, Liveness process, Time now, const std::string& asking,
                 const StillHeld& why = {});

// "lease.lost": `why` completes "lease 7 of KEY WHY".
Error lost_error(const Lease& lease, const std::string& why);

}  // namespace snapcore
