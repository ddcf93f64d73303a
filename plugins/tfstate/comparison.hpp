// The operation diff: two states of sources, or one and the live state.
#pragma once

#include <format/diff.hpp>
#include <snapcore/sdk/call.hpp>
#include <string>
#include <vector>

namespace tfstate {

struct DiffArgs {
  snapcore::sdk::Artifact a = {};
  std::optional<snapcore::sdk::Artifact> b = {};
};
void fields(snapcore::sdk::Fields& f, DiffArgs& args);

struct DiffAttribute {
  std::string path = {};
  std::optional<std::string> before = {};
  std::optional<std::string> after = {};
  bool sensitive = false;
};
void fields(snapcore::sdk::Fields& f, DiffAttribute& attribute);

struct DiffItem {
  std::string change = {};  // added, removed, changed, replaced, moved
  std::string address = {};
  std::optional<std::string> was = {};
  std::vector<DiffAttribute> attributes = {};
  std::vector<std::string> words = {};
};
void fields(snapcore::sdk::Fields& f, DiffItem& item);

struct DiffResult {
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  std::uint64_t changed = 0;
  std::uint64_t replaced = 0;
  std::uint64_t moved = 0;
  std::uint64_t unchanged = 0;
  std::uint64_t outputs = 0;
  std::uint64_t a_serial = 0;
  std::uint64_t b_serial = 0;
  bool same_lineage = false;
  std::vector<std::string> words = {};
};
void fields(snapcore::sdk::Fields& f, DiffResult& result);

// What became of `a` in `b`; without `b`, in the live state.
Result<DiffResult> call_diff(snapcore::sdk::Call& call, const DiffArgs& args);
Result<DiffResult> diff_with_live(snapcore::sdk::Call& call, const DiffArgs& args,
                                  const Result<StateBytes>& live);

// To look into an artifact here and there. Valid as long as the call is.
Result<StateBytes> bytes_of(snapcore::sdk::Call& call, const snapcore::sdk::Artifact& artifact);

// Addresses of the live state that the chosen one does not know, but for what is only read.
Result<std::vector<std::string>> forgotten_by(snapcore::sdk::Call& call, const StateBytes& chosen,
                                              const StateBytes& live);

// What the chosen one would change in the live state, for the plan of a restore: sentences. Nothing
// where the two cannot be compared.
std::vector<std::string> meaning_of(snapcore::sdk::Call& call, const StateBytes& chosen,
                                    const StateBytes& live);

}  // namespace tfstate
