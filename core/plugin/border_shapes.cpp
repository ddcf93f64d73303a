#include "plugin/border_shapes.hpp"

#include <algorithm>
#include <stdexcept>

#include "plugin/call.hpp"
#include "plugin/schema.hpp"
#include "plugin/text.hpp"

namespace snapcore {
namespace {

constexpr std::string_view kUndoRecord = R"({
  "type": "object", "required": ["words"], "additionalProperties": false,
  "properties": {
    "data": {},
    "words": {"type": "array", "items": {"type": "string", "minLength": 1}},
    "shell": {"type": "array", "items": {"type": "string", "minLength": 1}}}})";

constexpr std::string_view kProbeResult = R"({
  "type": "object", "required": ["state"], "additionalProperties": false,
  "properties": {
    "state": {"type": "string", "enum": ["not_started", "done", "partial", "cannot_tell"]},
    "result": {"type": ["object", "null"]},
    "detail": {"type": "string"}}})";

constexpr std::string_view kCompensateResult = R"({
  "type": "object", "required": ["words"], "additionalProperties": false,
  "properties": {"words": {"type": "array", "items": {"type": "string", "minLength": 1}}}})";

constexpr std::string_view kCompensateArgs = R"({
  "type": "object", "required": ["args"], "additionalProperties": false,
  "properties": {
    "args": {"type": "object"},
    "result": {"type": ["object", "null"]},
    "undo": {"type": ["object", "null"]}}})";

constexpr std::string_view kPlan = R"({
  "type": "object", "required": ["effects"], "additionalProperties": false,
  "properties": {
    "effects": {"$ref": "#/definitions/sentences"},
    "predicted": {"type": "object"},
    "cost": {
      "type": "object", "additionalProperties": false,
      "properties": {
        "bytes": {"type": "integer", "minimum": 0},
        "seconds": {"type": "number", "minimum": 0},
        "space": {"type": "array", "items": {
          "type": "object", "required": ["where", "needed"], "additionalProperties": false,
          "properties": {
            "where": {"type": "string", "minLength": 1},
            "needed": {"type": "integer", "minimum": 0},
            "free": {"type": "integer", "minimum": 0}}}}}},
    "resources": {"$ref": "#/definitions/sentences"},
    "undo": {
      "type": "object", "additionalProperties": false,
      "properties": {"words": {"$ref": "#/definitions/sentences"}}},
    "keeps": {"$ref": "#/definitions/sentences"},
    "shell": {"$ref": "#/definitions/sentences"},
    "concerns": {"type": "array", "items": {
      "type": "object", "required": ["guard", "message"], "additionalProperties": false,
      "properties": {
        "guard": {"type": "string", "enum": ["age", "destroys", "hash", "identity", "healthy", "lock", "space", "version"]},
        "message": {"type": "string", "minLength": 1}}}},
    "calls": {"type": "array", "items": {
      "type": "object", "required": ["label", "instance", "operation"], "additionalProperties": false,
      "properties": {
        "label": {"type": "string", "minLength": 1},
        "instance": {"type": "string", "minLength": 1},
        "operation": {"type": "string", "minLength": 1},
        "args": {"type": "object"}}}}},
  "definitions": {
    "sentences": {"type": "array", "items": {"type": "string", "minLength": 1}}}})";

// The texts above are ours: one that does not compile is a mistake that the first test finds.
Schema compile_own(std::string_view text) {
  auto value = Value::parse(text);
  auto schema = value ? Schema::compile(*value) : fail(value.error());
  if (!schema) throw std::logic_error(schema.error().message);
  return *schema;
}

Result<> as_bad_result(Result<> checked) {
  if (checked) return checked;
  Error problem = checked.error();
  problem.code = "plugin.bad_result";
  problem.hint = "this is a mistake in the plugin; ask whoever made it";
  problem.category = Category::kInternal;
  return fail(std::move(problem));
}

}  // namespace

Result<Value> parse_given(sc_str json, std::string_view what) {
  const auto text = view_of(json);
  if (text && text->size() > kLargestResult) {
    return fail({.code = "plugin.result_too_large",
                 .message = std::string(what) + " is larger than 1 MB",
                 .category = Category::kInternal});
  }
  const std::string wrong = std::string(what) + " is ";
  if (!text) return fail({.code = "plugin.bad_json", .message = wrong + "a size without bytes"});
  auto value = Value::parse(*text);
  if (value) return value;
  return fail({.code = "plugin.bad_json",
               .message = wrong + value.error().message,
               .category = Category::kInternal});
}

Result<> check_undo_record(const Value& undo, std::string_view who) {
  static const Schema schema = compile_own(kUndoRecord);
  return as_bad_result(schema.validate(undo, std::string(who) + ": undo"));
}

Result<> check_probe_result(const Operation& operation, const Value& answer, std::string_view who) {
  static const Schema schema = compile_own(kProbeResult);
  const std::string what = std::string(who) + ": answer of probe";
  if (auto fits = as_bad_result(schema.validate(answer, what)); !fits) return fits;
  if (answer.at("state").text() != "done") return {};
  auto result = Schema::compile(operation.result);
  if (!result) return fail(result.error());
  return as_bad_result(result->validate(answer.at("result"), what + ": result"));
}

Result<> check_compensate_result(const Value& result, std::string_view who) {
  static const Schema schema = compile_own(kCompensateResult);
  return as_bad_result(schema.validate(result, std::string(who) + ": result of compensate"));
}

Result<> check_compensate_args(const Value& args, std::string_view who) {
  static const Schema schema = compile_own(kCompensateArgs);
  return schema.validate(args, who);
}

Result<> check_plan_shape(const Schema& predicted, const Value& planned, std::string_view who) {
  static const Schema schema = compile_own(kPlan);
  const std::string what = std::string(who) + ": plan";
  if (auto fits = as_bad_result(schema.validate(planned, what)); !fits) return fits;
  const Value* given = planned.find("predicted");
  if (!given) return {};
  return as_bad_result(predicted.validate(*given, what + ": predicted"));
}

Value partial_schema(Value schema) {
  schema.erase("required");
  return schema;
}

bool is_marked_secret(const CallFacts& facts, std::string_view pointer) {
  constexpr std::string_view kOfArgs = "args:";
  const bool of_args = pointer.starts_with(kOfArgs);
  if (of_args && !facts.operation) return false;
  if (of_args) pointer.remove_prefix(kOfArgs.size());
  const bool nested = facts.entry == Entry::kCompensate;
  const auto pointers =
      of_args ? secret_pointers(facts.operation->args, nested ? facts.args.at("args") : facts.args)
              : secret_pointers(facts.plugin.manifest.config, facts.config);
  return std::find(pointers.begin(), pointers.end(), pointer) != pointers.end();
}

Outcome outcome_when_unsaid(const CallFacts& facts) {
  if (!facts.operation || facts.entry == Entry::kPlan || facts.entry == Entry::kProbe) {
    return Outcome::kNothingHappened;
  }
  return is_act(facts.operation->effect) ? Outcome::kMayHaveHappened : Outcome::kNothingHappened;
}

}  // namespace snapcore
