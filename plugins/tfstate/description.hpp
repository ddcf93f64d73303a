// What a state is, for people and for the core.
#pragma once

#include <format/state.hpp>
#include <snapcore/interfaces/target.hpp>
#include <string>
#include <vector>

namespace tfstate {

inline constexpr std::string_view kStateKind = "tfstate";

// Null where it says nothing of the kind.
snapcore::Value identity_of(const State& state);

// "serial 12, 3 resources, 1 data source, 5 objects"
std::string summary_of(const State& state);

// "tfstate.empty", "tfstate.not_a_state" for what is no state that could be restored.
Result<snapcore::sdk::target::Examination> describe(const State& state, const std::string& name);

}  // namespace tfstate
