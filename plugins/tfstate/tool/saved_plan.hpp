// What the tool would do to reach what is configured, and doing exactly that: the tool makes a
// plan, which lies in memory and nowhere else; it is compared with what was approved, and applied
// as it is.
#pragma once

#include <snapcore/sdk/call.hpp>
#include <snapcore/sdk/planned.hpp>
#include <string>
#include <vector>

#include "work_place.hpp"

namespace tfstate {

struct ChangesArgs {
  std::vector<std::string> targets = {};
  std::vector<std::string> replace = {};
};
void fields(snapcore::sdk::Fields& f, ChangesArgs& args);

struct ChangesResult {
  std::string tool = {};
  std::string digest = {};  // of all changes with their values
  std::uint64_t creates = 0;
  std::uint64_t updates = 0;
  std::uint64_t replaces = 0;
  std::uint64_t destroys = 0;
  std::uint64_t forgets = 0;
  std::vector<std::string> changes = {};  // "create terraform_data.a"
  std::vector<std::string> words = {};
};
void fields(snapcore::sdk::Fields& f, ChangesResult& result);

// What is approved. Counts are the most that may be; a digest is one plan and no other.
struct ApplyArgs {
  std::vector<std::string> targets = {};
  std::vector<std::string> replace = {};
  std::vector<std::string> within = {};
  std::uint64_t creates = 0;
  std::uint64_t updates = 0;
  std::uint64_t replaces = 0;
  std::uint64_t destroys = 0;
  std::uint64_t forgets = 0;
  std::optional<std::string> digest = {};
  std::vector<std::string> changes = {};
};
void fields(snapcore::sdk::Fields& f, ApplyArgs& args);

struct ApplyResult {
  std::uint64_t creates = 0;
  std::uint64_t updates = 0;
  std::uint64_t replaces = 0;
  std::uint64_t destroys = 0;
  std::vector<std::string> words = {};
};
void fields(snapcore::sdk::Fields& f, ApplyResult& result);

// An address is one of these, or an instance or a part of one: "module.a" holds "module.a.x.y[0]",
// and not "module.ab".
bool is_within(const std::string& address, const std::vector<std::string>& allowed);

Result<ChangesResult> call_plan_changes(snapcore::sdk::Call& call, const ChangesArgs& args,
                                        const WorkPlace& place);

// That the tool finds nothing to do: "tfstate.changes_left".
Result<snapcore::sdk::Planned> plan_no_changes(const ChangesArgs& args, const WorkPlace& place);
Result<ChangesResult> call_no_changes(snapcore::sdk::Call& call, const ChangesArgs& args,
                                      const WorkPlace& place);

// What can be undone only creates; what else is to be done cannot.
Result<snapcore::sdk::Planned> plan_apply(const ApplyArgs& args, const WorkPlace& place,
                                          bool can_be_undone);
// "tfstate.plan_differs", "tfstate.beyond_bounds": nothing was touched. "tfstate.stale_plan": the
// tool refused, because somebody wrote the state after it had planned.
Result<ApplyResult> call_apply(snapcore::sdk::Call& call, const ApplyArgs& args,
                               const WorkPlace& place, bool can_be_undone);
// Asks the tool what is left to do.
Result<snapcore::sdk::Probed<ApplyResult>> probe_apply(snapcore::sdk::Call& call,
                                                       const ApplyArgs& args,
                                                       const WorkPlace& place);
// Destroys what was created, if the tool would destroy that alone.
Result<snapcore::sdk::Undone> undo_apply(
    snapcore::sdk::Call& call, const snapcore::sdk::Compensation<ApplyArgs, ApplyResult>& was,
    const WorkPlace& place);

}  // namespace tfstate
