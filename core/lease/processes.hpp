// Whether the process that took a lease still runs, as far as this machine can tell.
#pragma once

#include <optional>
#include <string>

#include "lease/lease.hpp"

namespace snapcore {

enum class Liveness {
  kRunning,  // exactly this process exists
  kGone,     // certain: it ran here, and does no more
  kUnknown,  // on another host, in another container, before a restart, or hidden
};

class Processes {
 public:
  virtual ~Processes() = default;
  virtual Liveness look_for(const LeaseHolder& holder) const = 0;
};

class RealProcesses final : public Processes {
 public:
  Liveness look_for(const LeaseHolder& holder) const override;
};

// This process as the holder of what `run` leases.
LeaseHolder this_process(std::string run, std::string words);

}  // namespace snapcore
