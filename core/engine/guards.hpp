// The guards: what the core demands before anything live is touched, and the only ways past it.
//
// A guard that is not satisfied raises a concern. A concern is refused, unless the operator waived
// that guard by name and the site's policy allows it.
#pragma once

#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "engine/plan.hpp"
#include "engine/planner.hpp"
#include "site/site.hpp"

namespace snapcore {

// Whose an artifact or a target is, as a person reads it; programs have it in the plan.
std::string identity_words(const Value& identity);

bool is_guard(std::string_view name);  // age destroys hash identity healthy lock space version

// "guard.unknown_waiver" or "guard.waiver_not_allowed" when one of them may not be used here at
// all.
Result<> check_waivers(const std::vector<Waiver>& waivers, const Policy& policy);

class Guards {
 public:
  Guards(const Policy& policy, const std::vector<Waiver>& waivers, std::vector<Concern>& concerns)
      : policy_(policy), waivers_(waivers), concerns_(concerns) {}

  // Records the concern in the state that policy and waivers give it.
  void raise(std::string_view guard, std::string_view target, std::string message);

  bool is_waived(std::string_view guard) const;

  void check_age(const PlannedRestore& restore);
  void check_healthy(const PlannedRestore& restore);
  // Both identities as their plugins tell them; null is not recorded.
  void check_identity(std::string_view target, const Value& of_artifact, const Value& of_target,
                      const std::vector<std::string>& evidence);
  // Over a whole plan: the needs of one place add up.
  void check_space(const Plan& plan);

 private:
  const Policy& policy_;
  const std::vector<Waiver>& waivers_;
  std::vector<Concern>& concerns_;
};

}  // namespace snapcore
