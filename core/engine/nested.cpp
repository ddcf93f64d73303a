#include "engine/nested.hpp"

#include <snapcore/support/digest.hpp>
#include <span>

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

void pass_items(LiveCall& call, OutputStream* output) {
  if (!output || call.operation.item.is_null()) return;
  call.on_emit = [output, turn = call.turn](const Value& item) -> Result<> {
    const std::string line = item.dump() + "\n";
    const TurnGiven given(turn);  // the reader may be busy with something else
    return output->write(std::as_bytes(std::span(line.data(), line.size())));
  };
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
    pass_items(call, request.output);
    return call.run_here(request.args, {request.output}, {request.input}).result;
  };
}

std::function<Result<Value>(const NestedRequest&)> nested_on_the_way_back(const LiveCall& outer) {
  return [&outer](const NestedRequest& request) -> Result<Value> {
    const auto target = resolve_nested(outer.instances, outer.instance, request);
    if (!target) return fail(target.error());
    const Operation& operation = *target->operation;
    const bool acts = is_act(operation.effect);
    if (acts && operation.repeat != Repeat::kSafe && operation.repeat != Repeat::kKeyed) {
      return fail({.code = "plugin.act_on_the_way_back",
                   .message = "'" + outer.instance.name() + "' tries " +
                              std::string(request.instance) + "." + std::string(request.operation) +
                              " to take something back: cut off and made again, it might happen "
                              "twice",
                   .category = Category::kInternal});
    }
    const std::string within = "/" + std::string(request.label);
    LiveCall call{.instances = outer.instances,
                  .instance = *target->instance,
                  .operation = operation,
                  .run_id = outer.run_id,
                  .call_id = outer.call_id + within,
                  .key = sha256_hex(outer.key + within),
                  .started = outer.started,
                  .attempt = acts ? 2 : 1,
                  .cancelled = outer.cancelled,
                  .scratch_root = outer.scratch_root,
                  .turn = outer.turn};
    call.on_nested = nested_on_the_way_back(call);
    if (acts) {
      // What it leaves half done, it finds again by its key.
      call.on_checkpoint = [](const Value&) { return Result<>(); };
      call.on_undo = [](const Value&) { return Result<>(); };
    }
    pass_items(call, request.output);
    return call.run_here(request.args, {request.output}, {request.input}).result;
  };
}

}  // namespace snapcore
