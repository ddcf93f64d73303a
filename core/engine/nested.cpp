#include "engine/nested.hpp"

namespace snapcore {
namespace {

// Whether `config` holds `name` where its schema says that an instance is named.
bool names_instance(const Value& schema, const Value& config, std::string_view name) {
  if (schema.at("x-type").text() == "instance" && config.text() == name) return true;
  for (const auto& [key, member] : config.members()) {
    const Value* rule = schema.at("properties").find(key);
    if (names_instance(rule ? *rule : schema.at("additionalProperties"), member, name)) return true;
  }
  for (const Value& item : config.items()) {
    if (names_instance(schema.at("items"), item, name)) return true;
  }
  return false;
}

}  // namespace

Result<NestedTarget> resolve_nested(Instances& instances, const Instance& caller,
                                    const NestedRequest& request) {
  if (!names_instance(caller.manifest().config, caller.config(), request.instance)) {
    return fail({.code = "plugin.foreign_instance",
                 .message = "'" + caller.name() + "' calls '" + std::string(request.instance) +
                            "', which its configuration does not name",
                 .category = Category::kInternal});
  }
  auto instance = instances.open(request.instance);
  if (!instance) return fail(instance.error());
  const Operation* operation = (*instance)->manifest().find(request.operation);
  if (!operation) {
    return fail({.code = "plugin.unknown_operation",
                 .message = "'" + (*instance)->name() + "' has no operation '" +
                            std::string(request.operation) + "', which '" + caller.name() +
                            "' needs"});
  }
  return NestedTarget{std::move(*instance), operation};
}

std::function<Result<Value>(const NestedRequest&)> nested_reads(Instances& instances,
                                                                const Instance& caller,
                                                                const std::atomic<bool>* cancelled,
                                                                Turn* turn) {
  return [&instances, &caller, cancelled, turn](const NestedRequest& request) -> Result<Value> {
    const auto target = resolve_nested(instances, caller, request);
    if (!target) return fail(target.error());
    if (target->operation->effect != Effect::kRead) {
      return fail({.code = "plugin.act_in_read",
                   .message = "'" + caller.name() + "' tries " + std::string(request.instance) +
                              "." + std::string(request.operation) +
                              ", which is no read, inside of a call that may only ask",
                   .category = Category::kInternal});
    }
    LiveCall call{.instances = instances,
                  .instance = *target->instance,
                  .operation = *target->operation,
                  .cancelled = cancelled,
                  .turn = turn};
    call.on_nested = nested_reads(instances, *target->instance, cancelled, turn);
    return call.run_here(request.args, {request.output}, {request.input}).result;
  };
}

}  // namespace snapcore
