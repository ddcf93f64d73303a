// What the tool plans, from `show -json` of a plan file: who would be created, changed, destroyed.
// The values that stand there, secrets among them, are passed over and never kept.
#pragma once

#include <cstdint>
#include <format/json_reader.hpp>
#include <functional>
#include <string>

namespace tfstate {

enum class Planning { kCreate, kUpdate, kReplace, kDestroy, kForget, kOther };

struct PlannedChange {
  Planning planning = Planning::kOther;
  std::string address = {};  // with " (deposed 1a2b3c4d)"
  std::string actions = {};  // as the tool calls them, "delete, create"
  std::string reason = {};   // as the tool calls it; may be empty
};

struct PlannedTotals {
  std::uint64_t creates = 0;
  std::uint64_t updates = 0;
  std::uint64_t replaces = 0;
  std::uint64_t destroys = 0;
  std::uint64_t forgets = 0;
  std::uint64_t others = 0;  // of actions that nobody knew when this was written
  std::string digest = {};   // SHA-256 of all changes, values included

  std::uint64_t all() const { return creates + updates + replaces + destroys + forgets + others; }
};

// Managed objects that something would become of; what is only read is left out.
// "tfstate.bad_plan" when the tool does not say what is expected here; "plan.errored" is one.
Result<PlannedTotals> read_planned(JsonReader& reader,
                                   const std::function<Result<>(const PlannedChange&)>& report);

// "the configuration does not have it", for people; empty where there is nothing to say.
std::string words_of_reason(const std::string& reason);

}  // namespace tfstate
