// What a plan holds, by id: for whoever looks for one call after the other.
#pragma once

#include <string_view>
#include <unordered_map>

#include "engine/plan.hpp"

namespace snapcore {

// Of a plan that neither changes nor goes away meanwhile.
class PlanIndex {
 public:
  PlanIndex() = default;
  explicit PlanIndex(const Plan& plan);

  // Null when there is none.
  const PlannedCall* call(std::string_view id) const;
  const Choice* choice(std::string_view id) const;

 private:
  std::unordered_map<std::string_view, const PlannedCall*> calls_;
  std::unordered_map<std::string_view, const Choice*> choices_;
};

}  // namespace snapcore
