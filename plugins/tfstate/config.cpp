#include "config.hpp"

#include <snapcore/interfaces/objects.hpp>
#include <tool/data_directory.hpp>

namespace tfstate {

void fields(snapcore::sdk::Fields& f, Config& config) {
  f("directory", config.directory,
    "the working directory of OpenTofu or Terraform; may be left out where store and key are given")
      .optional()
      .example("/srv/infrastructure");
  f("workspace", config.workspace, "the workspace; default: the one that is selected there");
  f("path", config.path,
    "the state of the default workspace, from the directory; default: as init left it, else "
    "terraform.tfstate");
  f("workspace_dir", config.workspace_dir,
    "where the states of other workspaces are; default: as init left it, else terraform.tfstate.d");
  f("lineage", config.lineage,
    "whose state this is, for when it is lost: then nothing else can tell");
  f("store", config.store, "the store that the state is an object in, for the backend s3")
      .interface_of(snapcore::sdk::objects::kInterface)
      .example("objects");
  f("bucket", config.bucket, "as the tools name it in their lock; default: as init left it");
  f("key", config.key, "of the default workspace's state in the bucket; default: as init left it")
      .example("infrastructure/terraform.tfstate");
  f("workspace_key_prefix", config.workspace_key_prefix,
    "before the keys of other workspaces; default: as init left it, else env:");
  f("use_lockfile", config.use_lockfile,
    "whether the tools lock by an object beside the state; default: as init left it, else true");
  f("dynamodb_table", config.dynamodb_table,
    "the table in which the tools lock; default: as init left it, else none");
  f("dynamodb_endpoint", config.dynamodb_endpoint,
    "URL; default: as init left it, else AWS_ENDPOINT_URL_DYNAMODB, else Amazon's own");
  f("region", config.region, "of the table; default: as init left it, else AWS_REGION");
  f("access_key", config.access_key, "for the table; AWS_ACCESS_KEY_ID and its kin when left out");
  f("secret_key", config.secret_key);
  f("session_token", config.session_token);
  fields(f, config.tool);
}

std::string Config::chosen_workspace() const {
  if (workspace) return *workspace;
  return directory.empty() ? "default" : selected_workspace(directory);
}

}  // namespace tfstate
