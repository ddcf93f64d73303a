#include "engine/views.hpp"

#include "engine/core_operations.hpp"

namespace snapcore {

Result<InstanceView> view_of(Instances& instances, std::string_view name,
                             std::optional<Role> role) {
  const auto instance = instances.open(name);
  if (!instance) return fail(instance.error());
  const Manifest& manifest = (*instance)->manifest();
  if (role && !manifest.has_role(*role)) {
    return fail({.code = "site.wrong_role",
                 .message = "'" + std::string(name) + "' is not a " + std::string(to_text(*role)) +
                            ": its plugin " + manifest.id + " has no such role",
                 .hint = "write instance \"" + std::string(name) +
                         "\" to use it without asserting a role"});
  }
  return InstanceView{(*instance)->name(), manifest.id, operations_of(manifest)};
}

Result<Value> args_schema_of(Instances& instances, std::string_view name,
                             std::string_view operation) {
  const auto instance = instances.open(name);
  if (!instance) return fail(instance.error());
  const Manifest& manifest = (*instance)->manifest();
  const CoreOperation core = core_operation(manifest, operation);
  if (core != CoreOperation::kNone) return core_args_schema(core, manifest);
  const auto found = callable_operation(manifest, name, operation);
  if (!found) return fail(found.error());
  return (*found)->args;
}

}  // namespace snapcore
