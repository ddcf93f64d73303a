// Runs that hold what a plan acts upon, for whoever reads the plan: only looked at, nothing is
// taken.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"
#include "cli/run_options.hpp"
#include "cli/run_state.hpp"
#include "engine/plan.hpp"

namespace snapcore {

struct Holder {
  std::string run = {};
  std::vector<Lease> leases = {};  // on what the plan acts upon, sorted by key
  LastSeen seen = {};
  enum class Stands {
    kAtWork,   // or may be, on another host
    kHalfWay,  // it can be gone on with, or taken back
    kDamaged,  // its journal is: it can be neither
    kOver,     // or never began, and whether its process is gone nobody can tell
    kNowhere,  // there is no such run
  } stands = Stands::kHalfWay;
};

// Whom the plan would be turned away by now. Without those that were told to be broken, and those
// that would be taken over. What cannot be read holds nothing here: taking the leases tells of it.
std::vector<Holder> holders_of(const Invocation& invocation, const Plan& plan,
                               const LeaseWish& wish);

// In front of why the plan is refused, and of what would waive it: who stands in its way, and what
// to do about it first.
Error behind_holders(const Invocation& invocation, const std::vector<Holder>& holders,
                     Error refusal);

// Behind why nothing can be planned at all: which runs stand half way, or are at work, on whatever
// it is. What cannot be read or asked can be just what they left. Unchanged when there are none, or
// when it is the runbook itself that is wrong.
Error beside_unfinished(const Invocation& invocation, Error problem);

// The same on stderr, and in the result, of a plan that nothing else speaks against.
void tell_holders(const Invocation& invocation, const std::vector<Holder>& holders);

}  // namespace snapcore
