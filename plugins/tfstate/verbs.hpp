// The arguments and results of the verbs of a target, as this plugin has them.
#pragma once

#include <snapcore/interfaces/target.hpp>
#include <string>
#include <vector>

#include "handles.hpp"

namespace tfstate {

namespace sdk = snapcore::sdk;
namespace roles = snapcore::sdk::target;

struct StageArgs : roles::StageArgs {
  std::vector<std::string> destroys = {};
  std::vector<std::string> waived = {};
  std::optional<Replaced> replaces = {};
  bool is_waived(std::string_view guard) const;
};
void fields(sdk::Fields& f, StageArgs& args);

struct ActivateArgs : roles::ActivateArgs<Staged> {
  std::optional<sdk::Artifact> from = {};
};
void fields(sdk::Fields& f, ActivateArgs& args);

using StageResult = roles::Staged<Staged, Expected>;
using CheckArgs = roles::CheckArgs<Staged>;
using ActivateResult = roles::Activated<Kept>;
using HealthArgs = roles::HealthArgs<Expected>;
using DiscardArgs = roles::DiscardArgs<Staged>;
using ReleaseArgs = roles::ReleaseArgs<Kept>;

std::string name_of(const sdk::Artifact& artifact);

}  // namespace tfstate
