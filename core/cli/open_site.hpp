// The site of this invocation, with its instances.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "cli/command.hpp"
#include "engine/instances.hpp"
#include "site/site.hpp"

namespace snapcore {

// Stays where it is: the instances refer to the site.
struct OpenSite {
  OpenSite(Site loaded, std::vector<std::filesystem::path> plugin_path)
      : site(std::move(loaded)), instances(site, std::move(plugin_path)) {}
  OpenSite(const OpenSite&) = delete;
  OpenSite& operator=(const OpenSite&) = delete;

  bool found() const { return !site.path.empty(); }

  const Site site;
  Instances instances;
};

Result<std::unique_ptr<OpenSite>> open_site(const Globals& globals);

// For what needs no site: an empty one when none is found. A site that is named or found, and
// wrong, is still an error.
Result<std::unique_ptr<OpenSite>> open_site_if_any(const Globals& globals);

// "INSTANCE.OPERATION", or "PLUGIN.OPERATION" for one that needs no instance.
struct NamedOperation {
  std::string owner;
  std::string operation;
  std::shared_ptr<Instance> instance;  // null when the owner is a plugin
  std::shared_ptr<const Plugin> plugin;
  const Operation* found = nullptr;  // null for the core's own: latest, list, stat, restore
  Value args;                        // schemas
  Value result;
};
// For help, a plugin's operations are found by its id whether or not they need an instance.
enum class Purpose { kCall, kHelp };
Result<NamedOperation> find_operation(Instances& instances, std::string_view name,
                                      Purpose purpose = Purpose::kCall);

}  // namespace snapcore
