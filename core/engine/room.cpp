#include "engine/room.hpp"

#include <algorithm>

#include "engine/scopes.hpp"

namespace snapcore {
namespace {

using NeedByWay = std::map<std::string, std::uint64_t>;

// The innermost way of an attempt that this stands in: "root/attempt[1]/body"; "" outside of all.
std::string way_of(const Plan& plan, const std::string& id) {
  std::string way;
  for (const PlannedPart& part : plan.parts) {
    if (part.kind != PartKind::kAttempt || !stands_in(id, part.id)) continue;
    const auto begin = part.id.size() + 1;
    way = id.substr(0, id.find_first_of("/#", begin));
  }
  return way;
}

std::uint64_t total(const Plan& plan, NeedByWay needs) {
  // Inner attempts stand behind the outer ones.
  for (auto part = plan.parts.rbegin(); part != plan.parts.rend(); ++part) {
    if (part->kind != PartKind::kAttempt) continue;
    std::uint64_t most = 0;
    for (auto& [way, needed] : needs) {
      if (!stands_in(way, part->id)) continue;
      most = std::max(most, needed);
      needed = 0;
    }
    needs[way_of(plan, part->id)] += most;
  }
  return needs[""];
}

}  // namespace

std::map<std::string, Room> room_needed(const Plan& plan) {
  std::map<std::string, Room> rooms;
  std::map<std::string, NeedByWay> needs;
  for (const PlannedCall* call : plan.calls()) {
    for (const SpaceNeed& need : call->space) {
      Room& room = rooms[need.where];
      room.free = std::min(room.free, need.free);
      room.instance = call->instance;
      needs[need.where][way_of(plan, call->id)] += need.needed;
    }
  }
  for (auto& [where, room] : rooms) room.needed = total(plan, needs[where]);
  return rooms;
}

}  // namespace snapcore
