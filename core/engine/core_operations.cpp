#include "engine/core_operations.hpp"

#include <algorithm>
#include <array>

#include "engine/gate.hpp"
#include "plugin/schema.hpp"

namespace snapcore {
namespace {

constexpr std::array<std::string_view, 4> kRestoreVerbs = {"stage", "check", "activate", "health"};
// What the core fills in by itself.
constexpr std::array<std::string_view, 5> kFilledIn = {"from", "staged", "expected", "waived",
                                                       "replaces"};

template <std::size_t Size>
bool contains(const std::array<std::string_view, Size>& list, std::string_view word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

Value property(std::string_view type, std::string_view description) {
  return Value::object({{"type", type}, {"description", description}});
}

Value object_schema(Value properties, Value required = Value::array()) {
  Value schema = Value::object(
      {{"type", "object"}, {"properties", std::move(properties)}, {"additionalProperties", false}});
  if (!required.items().empty()) schema["required"] = std::move(required);
  return schema;
}

Value time_property(std::string_view description) {
  Value schema = property("string", description);
  schema["x-type"] = "time";
  return schema;
}

Value artifact_argument() {
  return Value::object(
      {{"type", "object"}, {"x-type", "artifact"}, {"description", "the artifact to restore"}});
}

Value restore_args(const Manifest& manifest) {
  Value properties = Value::object({{"from", artifact_argument()}});
  Value required = Value::array({"from"});
  for (const std::string_view verb : kRestoreVerbs) {
    const Operation* operation = manifest.find(verb);
    if (!operation) continue;
    for (const auto& [name, schema] : operation->args.at("properties").members()) {
      if (contains(kFilledIn, name)) continue;
      if (!properties.has(name) && is_required(operation->args, name)) required.push_back(name);
      properties[name] = schema;
    }
  }
  return object_schema(std::move(properties), std::move(required));
}

}  // namespace

const Value& artifact_schema() {
  static const Value schema = [] {
    Value properties;
    for (const char* name : {"source", "ref", "name", "kind", "sha256", "created", "modified",
                             "version_id", "etag", "path"}) {
      properties[name] = Value::object({{"type", "string"}});
    }
    properties["size"] = Value::object({{"type", "integer"}});
    properties["local"] = Value::object({{"type", "boolean"}});
    properties["manifest"] = Value::object({{"type", "object"}});
    return Value::object(
        {{"type", "object"}, {"properties", std::move(properties)}, {"x-type", "artifact"}});
  }();
  return schema;
}

CoreOperation core_operation(const Manifest& manifest, std::string_view operation) {
  if (manifest.has_role(Role::kSource)) {
    if (operation == "latest") return CoreOperation::kLatest;
    if (operation == "list") return CoreOperation::kList;
    if (operation == "stat") return CoreOperation::kStat;
  }
  if (manifest.has_role(Role::kTarget) && operation == "restore") return CoreOperation::kRestore;
  return CoreOperation::kNone;
}

std::vector<std::string> operations_of(const Manifest& manifest) {
  std::vector<std::string> names;
  for (const Operation& operation : manifest.operations) {
    if (callable_operation(manifest, "", operation.name)) names.push_back(operation.name);
  }
  if (manifest.has_role(Role::kSource)) names.emplace_back("latest");
  if (manifest.has_role(Role::kTarget)) names.emplace_back("restore");
  return names;
}

Value core_args_schema(CoreOperation operation, const Manifest& manifest) {
  switch (operation) {
    case CoreOperation::kLatest:
      return object_schema(
          Value::object({{"kind", property("string", "kind of artifact")},
                         {"prefix", property("string", "what its name begins with")},
                         {"before", time_property("not newer than this")}}));
    case CoreOperation::kList:
      return object_schema(
          Value::object({{"kind", property("string", "kind of artifact")},
                         {"prefix", property("string", "what the names begin with")}}));
    case CoreOperation::kStat:
      return object_schema(
          Value::object({{"ref", property("string", "the artifact's name in the source")}}),
          Value::array({"ref"}));
    case CoreOperation::kRestore: return restore_args(manifest);
    case CoreOperation::kNone: break;
  }
  return object_schema(Value::object());
}

Value core_result_schema(CoreOperation operation) {
  switch (operation) {
    case CoreOperation::kLatest:
    case CoreOperation::kStat: return artifact_schema();
    case CoreOperation::kList:
      return Value::object({{"type", "array"}, {"items", artifact_schema()}});
    case CoreOperation::kRestore:
      return object_schema(
          Value::object({{"ref", property("string", "what was restored")},
                         {"sha256", property("string", "digest of the bytes that were restored")},
                         {"size", property("integer", "bytes that were restored")},
                         {"kept", property("object", "handle of what is kept aside")},
                         {"expected", property("object", "what health looked for")}}));
    case CoreOperation::kNone: break;
  }
  return object_schema(Value::object());
}

Result<const Operation*> callable_operation(const Manifest& manifest, std::string_view instance,
                                            std::string_view name) {
  const Operation* operation = manifest.find(name);
  const std::string shown = std::string(instance) + "." + std::string(name);
  if (!operation) {
    std::string known;
    for (const std::string& other : operations_of(manifest))
      known += (known.empty() ? "" : ", ") + other;
    return fail({.code = "runbook.unknown_operation",
                 .message = shown + " does not exist: plugin " + manifest.id +
                            " has no operation '" + std::string(name) + "'",
                 .hint = "it has: " + known});
  }
  static constexpr std::array<std::string_view, 5> kSequenced = {"stage", "check", "activate",
                                                                 "discard", "release"};
  const bool sequenced = manifest.has_role(Role::kTarget) && contains(kSequenced, name);
  if (sequenced || !operation->ports.empty()) {
    return fail(
        {.code = "runbook.core_verb",
         .message = shown + " is called by the core, in its own order, and not by a runbook",
         .hint = sequenced ? "use restore"
                           : "it moves bytes; use an operation that names what to move"});
  }
  return operation;
}

Error choice_in_wait(const std::string& what) {
  return {
      .code = "runbook.choice_in_wait_until",
      .message = what + " is answered while planning, and the same in every look of a wait_until",
      .hint = "choose before the wait, and wait with verifies and other reads",
      .category = Category::kPrecondition};
}

void hand_over_staged(const std::string& restore_id, const Manifest& manifest, Value& args) {
  const std::string stage = restore_id + ".stage";
  const Value& result = manifest.find("stage")->result;
  args["staged"] = later_value(stage, "handle", property_type(result, "handle"));
  args["expected"] = later_value(stage, "expected", property_type(result, "expected"));
}

Value arguments_for(const Operation& operation, const Value& args) {
  Value picked = Value::object();
  for (const std::string& name : property_names(operation.args)) {
    if (const Value* value = args.find(name)) picked[name] = *value;
  }
  return picked;
}

}  // namespace snapcore
