// What a site says of the tool itself, OpenTofu or Terraform, for what only the tool can do.
#pragma once

#include <optional>
#include <snapcore/sdk/types.hpp>
#include <string>
#include <vector>

namespace tfstate {

struct ToolSettings {
  std::optional<std::string> tool = {};  // a name or a path; else tofu, else terraform
  std::optional<std::string> providers = {};
  std::vector<std::string> var_files = {};
  std::vector<std::string> environment = {};
  snapcore::sdk::Duration timeout{std::chrono::minutes(10)};
};
void fields(snapcore::sdk::Fields& f, ToolSettings& settings);

}  // namespace tfstate
