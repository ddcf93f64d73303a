// A state in a file of this machine.
#pragma once

#include "backend.hpp"
#include "place.hpp"

namespace tfstate {

class LocalBackend final : public Backend {
 public:
  explicit LocalBackend(Place place) : place_(std::move(place)) {}

  std::string shown() const override;
  std::string resource() const override { return place_.resource(); }
  std::optional<ExpectedLineage> expected_lineage() const override;
  Result<LiveState> read_live(
      sdk::Call& call,
      const std::function<Result<>(std::span<const std::byte>)>& take) const override;
  Result<std::optional<LiveState>> read_broken_live() const override;
  Result<StateBytes> live_bytes(sdk::Call& call) const override;
  Result<std::optional<Holder>> lock_holder(sdk::Call& call) const override;
  Result<sdk::Planned> plan_stage(sdk::Call& call, const StageArgs& args) const override;
  Result<StageResult> stage(sdk::Call& call, const StageArgs& args) const override;
  Result<std::vector<std::string>> check(sdk::Call& call, const Staged& staged) const override;
  Result<sdk::Planned> plan_activate(sdk::Call& call) const override;
  Result<ActivateResult> activate(sdk::Call& call, const ActivateArgs& args) const override;
  Result<std::vector<std::string>> take_back(sdk::Call& call,
                                             const snapcore::Value& recorded) const override;
  Result<> remove_staged(const std::string& name) const override;
  Result<> remove_kept(const std::string& name) const override;
  Result<> list(sdk::Call& call, const source::ListArgs& args) const override;
  Result<sdk::Artifact> stat(sdk::Call& call, const source::StatArgs& args) const override;
  Result<> open(sdk::Call& call, const source::OpenArgs& args) const override;

 private:
  Result<> remove_named(const std::string& name, std::string_view what) const;

  Place place_;
};

}  // namespace tfstate
