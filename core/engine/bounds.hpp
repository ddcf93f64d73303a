// What a phase that cannot be planned yet may do at most.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/plan.hpp"

namespace snapcore {

// Outer calls count; what they make inside of themselves belongs to the instance that makes it.
struct Bounds {
  std::vector<std::string> instances;   // that are acted upon; sorted
  std::vector<std::string> operations;  // of acts, "restore" for its verbs; sorted; none: any
  std::uint64_t acts = 0;
  std::uint64_t destroys = 0;          // points of no return among them
  std::optional<std::uint64_t> bytes;  // to move
};

// As a runbook gives them: {instances, acts} and, if wanted, {operations, destroys, bytes}; bytes
// as a number or "20 GB". "runbook.bad_argument".
Result<Bounds> bounds_from(const Value& given);
// In one form, however they were given; bounds_from() takes it again.
Value to_value(const Bounds& bounds);

// "at most 3 acts, none of which cannot be undone, on store"
std::string in_words(const Bounds& bounds);

// Where the phase goes beyond, one sentence each.
std::vector<std::string> beyond(const Bounds& bounds, const Plan& phase);

}  // namespace snapcore
