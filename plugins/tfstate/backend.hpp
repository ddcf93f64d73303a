// Where a state is kept, as the verbs of the plugin see it: a file of this machine, or an object in
// a store.
#pragma once

#include <format/diff.hpp>
#include <format/lock_info.hpp>
#include <functional>
#include <optional>
#include <snapcore/interfaces/source.hpp>
#include <snapcore/sdk/call.hpp>
#include <string>
#include <vector>

#include "live_state.hpp"
#include "verbs.hpp"

namespace tfstate {

namespace source = snapcore::sdk::source;

inline constexpr std::string_view kVersion = "1.0.0";

// Whose state it is where the state itself cannot tell.
struct ExpectedLineage {
  std::string lineage = {};
  std::string why = {};
};

struct Holder {
  std::string words = {};
  std::string hint = {};  // how the lock goes
};

class Backend {
 public:
  Backend() = default;
  virtual ~Backend() = default;
  Backend(const Backend&) = delete;
  Backend& operator=(const Backend&) = delete;

  // The state, fit for messages.
  virtual std::string shown() const = 0;
  // The same whoever asks.
  virtual std::string resource() const = 0;
  virtual std::optional<ExpectedLineage> expected_lineage() const = 0;

  // The live state whole, with its digest; `take` gets the bytes as they pass.
  virtual Result<LiveState> read_live(
      sdk::Call& call,
      const std::function<Result<>(std::span<const std::byte>)>& take = {}) const = 0;
  // Of one that read_live() finds broken, what can still be told; nothing where that is not to be
  // replaced.
  virtual Result<std::optional<LiveState>> read_broken_live() const {
    return std::optional<LiveState>();
  }
  // To look here and there. Valid as long as the call is.
  virtual Result<StateBytes> live_bytes(sdk::Call& call) const = 0;
  // Who holds the lock; nothing when nobody does.
  virtual Result<std::optional<Holder>> lock_holder(sdk::Call& call) const = 0;

  virtual Result<sdk::Planned> plan_stage(sdk::Call& call, const StageArgs& args) const = 0;
  virtual Result<StageResult> stage(sdk::Call& call, const StageArgs& args) const = 0;
  virtual Result<std::vector<std::string>> check(sdk::Call& call, const Staged& staged) const = 0;
  virtual Result<sdk::Planned> plan_activate(sdk::Call& call) const = 0;
  virtual Result<ActivateResult> activate(sdk::Call& call, const ActivateArgs& args) const = 0;
  // What activate did, with what it recorded.
  virtual Result<std::vector<std::string>> take_back(sdk::Call& call,
                                                     const snapcore::Value& recorded) const = 0;
  virtual Result<> remove_staged(const std::string& name) const = 0;
  virtual Result<> remove_kept(const std::string& name) const = 0;

  // Older versions of the state, as a source has them.
  virtual Result<> list(sdk::Call& call, const source::ListArgs& args) const = 0;
  virtual Result<sdk::Artifact> stat(sdk::Call& call, const source::StatArgs& args) const = 0;
  virtual Result<> open(sdk::Call& call, const source::OpenArgs& args) const = 0;
};

// ".staged-20260102T030405Z-1a2b3c4d": the same when the call is repeated.
Result<std::string> suffix_of(const sdk::Call& call, std::string_view what);

// What a lock of this call says of itself; `path` is the state as the tools name it.
LockInfo lock_of(const sdk::Call& call, std::string operation, std::string path);

}  // namespace tfstate
