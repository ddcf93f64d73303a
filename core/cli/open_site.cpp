#include "cli/open_site.hpp"

#include "engine/core_operations.hpp"

namespace snapcore {
namespace {

Result<std::unique_ptr<OpenSite>> load(const std::filesystem::path& path, const Globals& globals) {
  auto site = load_site(path);
  if (!site) return fail(site.error());
  return std::make_unique<OpenSite>(std::move(*site), plugin_search_path(globals.plugin_dirs));
}

Error unknown_owner(std::string_view owner, const Instances& instances) {
  std::string known;
  for (const InstanceConfig& instance : instances.site().instances)
    known += (known.empty() ? "" : ", ") + instance.name;
  return {.code = "arguments.unknown_operation",
          .message = "'" + std::string(owner) + "' is neither an instance of the site nor a plugin",
          .hint = "instances: " + (known.empty() ? "none" : known) +
                  "; 'snapcore plugin list' shows the plugins"};
}

// What the manifest says of the operation, and what the core adds to it.
Result<NamedOperation> of_manifest(const Manifest& manifest, NamedOperation named) {
  const CoreOperation core = core_operation(manifest, named.operation);
  if (core != CoreOperation::kNone) {
    named.args = core_args_schema(core, manifest);
    named.result = core_result_schema(core);
    return named;
  }
  const auto found = callable_operation(manifest, named.owner, named.operation);
  if (!found) return fail(found.error());
  named.found = *found;
  named.args = (*found)->args;
  named.result = (*found)->result;
  return named;
}

Result<NamedOperation> of_instance(const std::shared_ptr<Instance>& instance,
                                   NamedOperation named) {
  named.instance = instance;
  return of_manifest(instance->manifest(), std::move(named));
}

Result<NamedOperation> of_plugin(const std::shared_ptr<const Plugin>& plugin, NamedOperation named,
                                 Purpose purpose) {
  named.plugin = plugin;
  auto known = of_manifest(plugin->manifest(), std::move(named));
  if (!known || purpose == Purpose::kHelp) return known;
  if (known->found && !known->found->needs_instance) return known;
  return fail(
      {.code = "arguments.needs_instance",
       .message = "plugin " + known->owner + " needs an instance for '" + known->operation + "'",
       .hint = "name an instance of the site: INSTANCE." + known->operation});
}

}  // namespace

Result<std::unique_ptr<OpenSite>> open_site(const Globals& globals) {
  const auto path = find_site(globals.site);
  if (!path) return fail(path.error());
  return load(*path, globals);
}

Result<std::unique_ptr<OpenSite>> open_site_if_any(const Globals& globals) {
  const auto path = find_site(globals.site);
  if (path) return load(*path, globals);
  if (globals.site || path.error().code != "site.not_found") return fail(path.error());
  return std::make_unique<OpenSite>(Site{}, plugin_search_path(globals.plugin_dirs));
}

Result<NamedOperation> find_operation(Instances& instances, std::string_view name,
                                      Purpose purpose) {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0 || dot + 1 == name.size()) {
    return fail({.code = "arguments.bad_operation",
                 .message = "'" + std::string(name) + "' is not of the form INSTANCE.OPERATION",
                 .hint = "'snapcore plugin info ID' lists the operations of a plugin"});
  }
  NamedOperation named;
  named.owner = name.substr(0, dot);
  named.operation = name.substr(dot + 1);
  if (instances.site().find(named.owner)) {
    auto instance = instances.open(named.owner);
    if (!instance) return fail(instance.error());
    return of_instance(*instance, std::move(named));
  }
  auto plugin = instances.plugin(named.owner);
  if (plugin) return of_plugin(*plugin, std::move(named), purpose);
  if (plugin.error().code == "plugin.not_found") return fail(unknown_owner(named.owner, instances));
  return fail(plugin.error());
}

}  // namespace snapcore
