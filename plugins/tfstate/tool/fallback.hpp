// The operations fallback and end_fallback: a working directory works with a local state while the
// store of its backend is away, and goes back to it.
//
// Neither runs `init` in the directory, which might move states or ask a network. What it leaves
// there is one small file; that is made in a copy of the directory, or kept from before.
#pragma once

#include <snapcore/sdk/call.hpp>
#include <snapcore/sdk/planned.hpp>
#include <string>
#include <vector>

#include "fallback_record.hpp"
#include "work_place.hpp"

namespace tfstate {

struct FallbackArgs {
  snapcore::sdk::Artifact from = {};
};
void fields(snapcore::sdk::Fields& f, FallbackArgs& args);

struct FallbackResult {
  std::uint64_t serial = 0;
  std::vector<std::string> words = {};
};
void fields(snapcore::sdk::Fields& f, FallbackResult& result);

Result<snapcore::sdk::Planned> plan_fallback(snapcore::sdk::Call& call, const FallbackArgs& args,
                                             const WorkPlace& place);
// "tfstate.in_fallback", "tfstate.state_in_the_way": nothing was touched.
Result<FallbackResult> call_fallback(snapcore::sdk::Call& call, const FallbackArgs& args,
                                     const WorkPlace& place);
// Refused when the tool has worked with the local state since.
Result<snapcore::sdk::Undone> undo_fallback(
    snapcore::sdk::Call& call, const snapcore::sdk::Compensation<FallbackArgs, FallbackResult>& was,
    const WorkPlace& place);

struct FallbackStatus {
  bool active = false;
  bool changed_here = false;   // since the fallback began
  bool changed_there = false;  // in the store
  std::vector<std::string> words = {};
};
void fields(snapcore::sdk::Fields& f, FallbackStatus& status);

// Compares three: the state that the fallback began with, the local one, that of the store.
Result<FallbackStatus> call_fallback_status(snapcore::sdk::Call& call,
                                            const snapcore::sdk::Nothing&, const WorkPlace& place);

Result<snapcore::sdk::Planned> plan_end_fallback(snapcore::sdk::Call& call,
                                                 const snapcore::sdk::Nothing&,
                                                 const WorkPlace& place);
// "tfstate.both_changed": nothing was touched.
Result<FallbackResult> call_end_fallback(snapcore::sdk::Call& call, const snapcore::sdk::Nothing&,
                                         const WorkPlace& place);
// The directory works with the local state again; what was pushed is the same and stays. Refused
// when somebody has written to the store since.
Result<snapcore::sdk::Undone> undo_end_fallback(
    snapcore::sdk::Call& call,
    const snapcore::sdk::Compensation<snapcore::sdk::Nothing, FallbackResult>& was,
    const WorkPlace& place);

}  // namespace tfstate
