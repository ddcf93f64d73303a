// An instance of this plugin in the site.
#pragma once

#include <optional>
#include <snapcore/sdk/fields.hpp>
#include <snapcore/sdk/types.hpp>
#include <string>
#include <tool/settings.hpp>

namespace tfstate {

struct Config {
  std::string directory = {};
  std::optional<std::string> workspace = {};
  std::optional<std::string> path = {};
  std::optional<std::string> workspace_dir = {};
  std::optional<std::string> lineage = {};
  // Of a state in a store; what is left out is as init left it in the directory.
  std::optional<snapcore::sdk::Instance> store = {};
  std::optional<std::string> bucket = {};
  std::optional<std::string> key = {};
  std::optional<std::string> workspace_key_prefix = {};
  std::optional<bool> use_lockfile = {};
  std::optional<std::string> dynamodb_table = {};
  std::optional<std::string> dynamodb_endpoint = {};
  std::optional<std::string> region = {};
  std::optional<snapcore::sdk::Secret> access_key = {};
  std::optional<snapcore::sdk::Secret> secret_key = {};
  std::optional<snapcore::sdk::Secret> session_token = {};
  ToolSettings tool = {};

  // Else the one that is selected in the directory, as the tools would choose it.
  std::string chosen_workspace() const;
};
void fields(snapcore::sdk::Fields& f, Config& config);

}  // namespace tfstate
