// Waiting for a cluster to come up, by asking again and again until a deadline.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "services.hpp"
#include "target.hpp"

namespace etcd {

// Until every named member answers healthy, which none does before a quorum runs.
// "etcd.not_healthy" says who is and why the others are not.
Result<> wait_until_healthy(const Target& target, const std::vector<std::string>& names,
                            std::chrono::milliseconds patience, const Watch& watch);

// Tells whoever watches every 15 s that we still wait, and for what.
class StillWaiting {
 public:
  StillWaiting();
  // `why` begins with a separator: "; m1: ...".
  void say(const Watch& watch, const std::string& why);

 private:
  std::chrono::steady_clock::time_point begun_;
  std::chrono::steady_clock::time_point said_;
};

// Sleeps a moment between two questions; fails when the operator asked to stop.
Result<> pause_between_questions(const Watch& watch);

}  // namespace etcd
