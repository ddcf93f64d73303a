// A state that is an object in a store: the backend s3 of the tools.
#pragma once

#include <mutex>

#include "backend.hpp"
#include "object_store.hpp"
#include "table.hpp"

namespace tfstate {

class ObjectBackend final : public Backend {
 public:
  ObjectBackend(ObjectPlace place, MakeTable make_table)
      : place_(std::move(place)), make_table_(std::move(make_table)) {}

  std::string shown() const override { return place_.shown(); }
  std::string resource() const override { return place_.resource(); }
  std::optional<ExpectedLineage> expected_lineage() const override;
  Result<LiveState> read_live(
      sdk::Call& call,
      const std::function<Result<>(std::span<const std::byte>)>& take) const override;
  Result<StateBytes> live_bytes(sdk::Call& call) const override;
  Result<std::optional<Holder>> lock_holder(sdk::Call& call) const override;
  Result<sdk::Planned> plan_stage(sdk::Call& call, const StageArgs& args) const override;
  Result<StageResult> stage(sdk::Call& call, const StageArgs& args) const override;
  Result<std::vector<std::string>> check(sdk::Call& call, const Staged& staged) const override;
  Result<sdk::Planned> plan_activate(sdk::Call& call) const override;
  Result<ActivateResult> activate(sdk::Call& call, const ActivateArgs& args) const override;
  Result<std::vector<std::string>> take_back(sdk::Call& call,
                                             const snapcore::Value& recorded) const override;
  Result<> remove_staged(const std::string&) const override { return {}; }
  Result<> remove_kept(const std::string&) const override { return {}; }
  Result<> list(sdk::Call& call, const source::ListArgs& args) const override;
  Result<sdk::Artifact> stat(sdk::Call& call, const source::StatArgs& args) const override;
  Result<> open(sdk::Call& call, const source::OpenArgs& args) const override;

 private:
  // With what the store says of its bucket. Once for each instance.
  Result<ObjectPlace> connect(sdk::Call& call) const;

  ObjectPlace place_;
  MakeTable make_table_;
  mutable std::mutex mutex_;
  mutable bool connected_ = false;
  mutable ObjectPlace known_;
};

}  // namespace tfstate
