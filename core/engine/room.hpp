// The room that a plan needs, place by place.
#pragma once

#include <map>
#include <string>

#include "engine/plan.hpp"

namespace snapcore {

struct Room {
  std::uint64_t needed = 0;
  std::uint64_t free = UINT64_MAX;  // that: nobody could say
  std::string instance;             // one that needs it
};

// Needs add up. Of an attempt only one way is in effect at a time, since what failed is undone
// first: the way that needs most counts.
std::map<std::string, Room> room_needed(const Plan& plan);

}  // namespace snapcore
