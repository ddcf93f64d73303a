#include "runbook/check_gate.hpp"

#include <algorithm>

#include "engine/core_operations.hpp"
#include "plugin/schema.hpp"
#include "runbook/nearest.hpp"

namespace snapcore {
namespace {

constexpr std::size_t kMostWords = 4000;

InstanceView view_of_anything(std::string_view name) {
  return {.name = std::string(name),
          .plugin = std::string(kNobodyKnows),
          .operations = {},
          .any_operation = true};
}

std::string did_you_mean(std::string_view wanted, const std::vector<std::string>& names) {
  const std::string meant = nearest(wanted, names);
  return meant.empty() ? "" : "did you mean " + meant + "?";
}

Error unknown_instance(std::string_view name, const Site& site) {
  std::vector<std::string> names;
  for (const InstanceConfig& instance : site.instances) names.push_back(instance.name);
  const std::string meant = did_you_mean(name, names);
  return {.code = "site.unknown_instance",
          .message = "the site has no instance '" + std::string(name) + "'",
          .hint = meant.empty() ? "it has " + (names.empty() ? "none" : join(names)) : meant};
}

Error unknown_argument(const std::string& what, const std::string& name, const Value& schema) {
  const auto names = property_names(schema);
  const std::string meant = did_you_mean(name, names);
  return {.code = "schema.mismatch",
          .message = what + " has no argument '" + name + "'",
          .hint = meant.empty() ? "there are " + (names.empty() ? "none" : join(names)) : meant};
}

// What stands for any value, of any type.
Value any_value() { return later_value("", "", ""); }

}  // namespace

void CheckGate::report(const Line& line, Error error) {
  checking_.findings.push_back({line, std::move(error)});
}

Result<> CheckGate::declare(std::string_view, const Value&) { return {}; }

Result<const Manifest*> CheckGate::manifest_of(std::string_view name) {
  const InstanceConfig* config = instances_ ? instances_->site().find(name) : nullptr;
  if (!config) return nullptr;
  const auto plugin = instances_->plugin(config->plugin);
  if (!plugin) return fail(plugin.error());
  return &(*plugin)->manifest();
}

Result<InstanceView> CheckGate::open(std::string_view name, std::optional<Role> role,
                                     const Line& line) {
  if (!instances_ || holds_what_nobody_knows(Value(name))) return view_of_anything(name);
  if (!instances_->site().find(name)) {
    report(line, unknown_instance(name, instances_->site()));
    return view_of_anything(name);
  }
  const auto manifest = manifest_of(name);
  if (!manifest) {
    Error error = manifest.error();
    error.message = "instance '" + std::string(name) + "': " + error.message;
    report(line, std::move(error));
    return view_of_anything(name);
  }
  if (role && !(*manifest)->has_role(*role)) {
    report(line, {.code = "site.wrong_role",
                  .message = "'" + std::string(name) + "' is not a " + std::string(to_text(*role)) +
                             ": its plugin " + (*manifest)->id + " has no such role"});
  }
  return InstanceView{.name = std::string(name),
                      .plugin = (*manifest)->id,
                      .operations = operations_of(**manifest)};
}

CheckGate::Shape CheckGate::shape_of(std::string_view name, std::string_view operation) {
  const auto known = manifest_of(name);
  if (!known || !*known) return {.args = Value::object(), .result = Value::object()};
  const Manifest& manifest = **known;
  const CoreOperation core = core_operation(manifest, operation);
  if (core != CoreOperation::kNone)
    return {.args = core_args_schema(core, manifest), .result = core_result_schema(core)};
  const auto found = callable_operation(manifest, name, operation);
  if (!found) return {.args = Value::object(), .result = Value::object()};
  // What a read emits is its answer.
  const bool emits = (*found)->effect == Effect::kRead && !(*found)->item.is_null();
  return {.args = (*found)->args,
          .result = emits ? Value::object({{"type", "array"}, {"items", (*found)->item}})
                          : (*found)->result};
}

Result<Value> CheckGate::args_schema(std::string_view name, std::string_view operation) {
  return shape_of(name, operation).args;
}

void CheckGate::compare(const std::string& what, const Value& schema, Value args,
                        const Line& line) {
  const auto names = property_names(schema);
  const bool closed = schema.at("additionalProperties") == Value(false);
  std::vector<std::string> unknown;
  for (const auto& [name, member] : args.members()) {
    if (closed && std::find(names.begin(), names.end(), name) == names.end())
      unknown.push_back(name);
  }
  for (const std::string& name : unknown) {
    report(line, unknown_argument(what, name, schema));
    args.erase(name);
  }
  const Value given = args;
  for (const auto& [name, member] : given.members()) {
    if (holds_what_nobody_knows(member)) args[name] = any_value();
  }
  Value wanted = schema;
  // What is missing behind a guess may be there when the value is known.
  if (checking_.guessed) wanted.erase("required");
  const auto compiled = Schema::compile(wanted);
  if (!compiled) return;
  if (auto fits = with_help_of(what, compiled->validate_planned(args, what)); !fits)
    report(line, fits.error());
}

void CheckGate::check_choice(std::string_view name, std::string_view operation, const Line& line) {
  if (std::none_of(parts_.begin(), parts_.end(), [](const OpenPart& part) { return part.waits; }))
    return;
  const auto known = manifest_of(name);
  if (!known || !*known || !is_choice(core_operation(**known, operation))) return;
  report(line, choice_in_wait(std::string(name) + "." + std::string(operation)));
}

void CheckGate::check_bounds(const Part& part) {
  for (const Value& name : part.rule.at("within").at("instances").items()) {
    if (!instances_ || holds_what_nobody_knows(name) || instances_->site().find(name.view()))
      continue;
    report(part.line, unknown_instance(name.view(), instances_->site()));
  }
}

Result<> CheckGate::keep_going() {
  if (++words_ <= kMostWords) return {};
  far_enough_ = Error{.code = std::string(kCheckedFarEnough), .message = "too many words"};
  return fail(*far_enough_);
}

Result<Answer> CheckGate::call(std::string_view name, std::string_view operation, Value args,
                               const Line& line) {
  if (auto going = keep_going(); !going) return fail(going.error());
  const std::string what = std::string(name) + "." + std::string(operation);
  check_choice(name, operation, line);
  Shape shape = shape_of(name, operation);
  compare(what, shape.args, std::move(args), line);
  return Answer{
      .known = Value::object(), .schema = std::move(shape.result), .call = what, .complete = false};
}

Result<> CheckGate::begin_step(std::string_view name, const Line&) {
  if (auto going = keep_going(); !going) return going;
  if (!step_.empty()) {
    return fail(
        {.code = "runbook.nested_step",
         .message = "step '" + std::string(name) + "' begins inside of step '" + step_ + "'",
         .hint = "steps do not nest; end the outer one first"});
  }
  step_ = name;
  return {};
}

Result<bool> CheckGate::begin_when(const Value&, const Line&) {
  if (auto going = keep_going(); !going) return fail(going.error());
  return true;
}

Result<Value> CheckGate::outside(std::string_view what) {
  if (auto going = keep_going(); !going) return fail(going.error());
  checking_.guessed = true;
  return Value(what == "now" ? "2026-01-02T03:04:05Z" : "00000000-0000-4000-8000-000000000000");
}

Result<Value> CheckGate::ask(const Question& question, const Line&) {
  if (auto going = keep_going(); !going) return fail(going.error());
  checking_.guessed = true;
  if (question.choices.empty()) return Value(kNobodyKnows);
  return Value(checking_.says ? question.choices.front() : question.choices.back());
}

const Value& CheckGate::site_values() const {
  static const Value nobody_knows;
  return instances_ ? instances_->site().values : nobody_knows;
}

Result<Next> CheckGate::begin_part(const Part& part) {
  if (auto going = keep_going(); !going) return fail(going.error());
  check_bounds(part);
  OpenPart open{.waits = part.kind == PartKind::kWaitUntil};
  for (const Value& code : part.rule.at("codes").items()) open.codes.push_back(code.text());
  std::reverse(open.codes.begin(), open.codes.end());
  parts_.push_back(std::move(open));
  return Next{.what = Next::Do::kBody};
}

Result<Next> CheckGate::body_ended(const BodyEnd& end) {
  OpenPart& open = parts_.back();
  if (end.failed || open.codes.empty()) {
    parts_.pop_back();
    return end.failed ? Result<Next>(fail(end.failed->error)) : Next{};
  }
  // Whether it ever comes to a handler nobody knows.
  checking_.guessed = true;
  Next next{.what = Next::Do::kHandler, .code = open.codes.back()};
  next.failure.error.code = open.codes.back();
  open.codes.pop_back();
  return next;
}

Result<> CheckGate::parallel(const Part& part, const std::vector<Body>& bodies) {
  if (in_parallel_) {
    return fail({.code = "runbook.bad_place",
                 .message = to_text(part.line) + ": parallel cannot stand inside of parallel",
                 .hint = "give the outer one all functions; its limit is how many run at once"});
  }
  in_parallel_ = true;
  Result<> ended;
  for (const Body& body : bodies) {
    const BodyEnd end = body();
    if (end.failed && ended) ended = fail(end.failed->error);
  }
  in_parallel_ = false;
  return ended;
}

}  // namespace snapcore
