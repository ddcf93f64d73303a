#include "engine/plan_index.hpp"

namespace snapcore {
namespace {

template <class Map>
typename Map::mapped_type in(const Map& map, std::string_view id) {
  const auto found = map.find(id);
  return found == map.end() ? nullptr : found->second;
}

}  // namespace

// Of two with the same id the first one counts, as for Plan::find().
PlanIndex::PlanIndex(const Plan& plan) {
  for (const PlannedCall* call : plan.calls()) calls_.emplace(call->id, call);
  for (const Choice& choice : plan.choices) choices_.emplace(choice.id, &choice);
}

const PlannedCall* PlanIndex::call(std::string_view id) const { return in(calls_, id); }
const Choice* PlanIndex::choice(std::string_view id) const { return in(choices_, id); }

}  // namespace snapcore
