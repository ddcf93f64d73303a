// A plan as a file keeps it: what it means, and what people are shown of it.
#include <snapcore/support/digest.hpp>

#include "engine/plan_meaning.hpp"

namespace snapcore {
namespace {

constexpr std::string_view kConcernStates[] = {"refused", "waived", "ask", "warned"};

UndoRule undo_from(const Value& value) {
  if (value.text() == "compensate") return {UndoRule::Kind::kCompensate, ""};
  if (value.text() == "nested") return {UndoRule::Kind::kNested, ""};
  return {UndoRule::Kind::kNone, value.at("none").text()};
}

std::optional<Effect> effect_from(std::string_view text) {
  for (const Effect effect : {Effect::kRead, Effect::kVerify, Effect::kChange, Effect::kDestroy}) {
    if (to_text(effect) == text) return effect;
  }
  return std::nullopt;
}

Value space_value(const std::vector<SpaceNeed>& space) {
  Value::Array list;
  for (const SpaceNeed& need : space) {
    list.push_back(
        Value::object({{"where", need.where}, {"needed", need.needed}, {"free", need.free}}));
  }
  return list;
}

Value to_value(const PlannedCall& call) {
  Value value = meaning(call);
  value["step"] = call.step;
  value["file"] = call.line.file;
  value["line"] = call.line.number;
  value["predicted"] = call.predicted;
  value["effects"] = texts_of(call.effects);
  value["keeps"] = texts_of(call.keeps);
  value["undo_words"] = texts_of(call.undo_words);
  value["shell"] = texts_of(call.shell);
  value["resources"] = texts_of(call.resources);
  if (!call.nested_resources.empty()) value["nested_resources"] = texts_of(call.nested_resources);
  value["space"] = space_value(call.space);
  value["bytes"] = call.bytes;
  value["result_schema"] = call.result_schema;
  return value;
}

Result<PlannedCall> call_from(const Value& value) {
  const auto effect = effect_from(value.at("effect").text());
  if (!effect || !value.at("id").is_string()) {
    return fail(
        {.code = "plan.invalid", .message = "a call of the plan is not one: " + value.dump()});
  }
  PlannedCall call;
  call.id = value.at("id").text();
  call.step = value.at("step").text();
  call.line = {value.at("file").text(), static_cast<int>(value.at("line").int_or(0))};
  call.instance = value.at("instance").text();
  call.operation = value.at("operation").text();
  call.effect = *effect;
  call.args = value.at("args");
  call.condition = value.at("condition");
  call.predicted = value.at("predicted");
  call.undo = undo_from(value.at("undo"));
  for (const Value& item : value.at("nested").items()) {
    call.nested.push_back({item.at("label").text(), item.at("instance").text(),
                           item.at("operation").text(), item.at("args")});
  }
  call.effects = texts_from(value.at("effects"));
  call.keeps = texts_from(value.at("keeps"));
  call.undo_words = texts_from(value.at("undo_words"));
  call.shell = texts_from(value.at("shell"));
  call.resources = texts_from(value.at("resources"));
  call.nested_resources = texts_from(value.at("nested_resources"));
  for (const Value& item : value.at("space").items()) {
    call.space.push_back({item.at("where").text(), item.at("needed").uint_or(0),
                          item.at("free").uint_or(UINT64_MAX)});
  }
  call.bytes = value.at("bytes").uint_or(0);
  call.result_schema = value.at("result_schema");
  return call;
}

Value to_value(const PlannedPart& part) {
  Value value = meaning(part);
  value["step"] = part.step;
  value["file"] = part.line.file;
  value["line"] = part.line.number;
  value["calls_before"] = part.calls_before;
  value["notes"] = texts_of(part.notes);
  if (!part.outline.empty()) value["outline"] = part.outline;
  return value;
}

Result<PlannedPart> part_from(const Value& value) {
  const auto kind = part_kind_from(value.at("word").text());
  if (!kind || !value.at("id").is_string()) {
    return fail(
        {.code = "plan.invalid", .message = "a part of the plan is not one: " + value.dump()});
  }
  return PlannedPart{
      .id = value.at("id").text(),
      .kind = *kind,
      .rule = value.at("rule"),
      .outline = value.at("outline").text(),
      .step = value.at("step").text(),
      .line = {value.at("file").text(), static_cast<int>(value.at("line").int_or(0))},
      .calls_before = static_cast<std::size_t>(value.at("calls_before").uint_or(0)),
      .notes = texts_from(value.at("notes"))};
}

Value to_value(const PlannedStep& step) {
  Value inner = Value::object();
  for (const auto& [word, number] : step.end.inner) inner[word] = number;
  return Value::object({{"id", step.id},
                        {"name", step.name},
                        {"end", Value::object({{"calls", step.end.calls},
                                               {"reads", step.end.reads},
                                               {"inner", std::move(inner)}})}});
}

PlannedStep step_from(const Value& value) {
  const Value& end = value.at("end");
  PlannedStep step{
      .id = value.at("id").text(),
      .name = value.at("name").text(),
      .end = {.calls = end.at("calls").uint_or(0), .reads = end.at("reads").uint_or(0)}};
  for (const auto& [word, number] : end.at("inner").members())
    step.end.inner[word] = number.uint_or(0);
  return step;
}

Value to_value(const PlannedRestore& restore) {
  Value value = Value::object({{"id", restore.id},
                               {"target", restore.target},
                               {"artifact", restore.artifact},
                               {"digest_from", restore.digest_from},
                               {"examined", restore.examined},
                               {"examination", restore.examination},
                               {"healthy_before", restore.healthy_before},
                               {"readable_before", restore.readable_before},
                               {"keeps", restore.keeps},
                               {"target_identity", restore.target_identity},
                               {"evidence", texts_of(restore.evidence)}});
  if (restore.age_seconds) value["age_seconds"] = *restore.age_seconds;
  return value;
}

PlannedRestore restore_from(const Value& value) {
  PlannedRestore restore;
  restore.id = value.at("id").text();
  restore.target = value.at("target").text();
  restore.artifact = value.at("artifact");
  restore.digest_from = value.at("digest_from").text();
  if (value.at("age_seconds").is_integer()) restore.age_seconds = value.at("age_seconds").int_or(0);
  restore.examined = value.at("examined").bool_or(false);
  restore.examination = value.at("examination");
  restore.healthy_before = value.at("healthy_before").bool_or(false);
  restore.readable_before = value.at("readable_before").bool_or(false);
  restore.keeps = value.at("keeps").text();
  restore.target_identity = value.at("target_identity");
  restore.evidence = texts_from(value.at("evidence"));
  return restore;
}

Value to_value(const Concern& concern) {
  return Value::object({{"state", kConcernStates[static_cast<std::size_t>(concern.state)]},
                        {"guard", concern.guard},
                        {"target", concern.target},
                        {"message", concern.message},
                        {"reason", concern.reason}});
}

Concern concern_from(const Value& value) {
  Concern concern;
  for (std::size_t i = 0; i < std::size(kConcernStates); ++i) {
    if (value.at("state").text() == kConcernStates[i])
      concern.state = static_cast<Concern::State>(i);
  }
  concern.guard = value.at("guard").text();
  concern.target = value.at("target").text();
  concern.message = value.at("message").text();
  concern.reason = value.at("reason").text();
  return concern;
}

Error invalid(std::string message) {
  return {.code = "plan.invalid",
          .message = std::move(message),
          .hint = "make the plan again with 'snapcore plan RUNBOOK -o FILE'",
          .category = Category::kCorrupt};
}

}  // namespace

Value to_value(const Plan& plan) {
  Value value = meaning(plan);
  value.erase("waivers");
  value["id"] = plan.id;
  value["digest"] = plan.digest();
  value["summary"] = plan.summary;
  value["made"] = to_rfc3339(plan.made);
  value["site_path"] = plan.site_path;
  value["notes"] = texts_of(plan.notes);
  value["has_fresh_arguments"] = plan.has_fresh_arguments;
  Value::Array phases, parts, steps, restores, choices, concerns, code, plugins;
  for (const PlannedPart& part : plan.parts) parts.push_back(to_value(part));
  if (!parts.empty()) value["parts"] = std::move(parts);
  for (const PlannedStep& step : plan.steps) steps.push_back(to_value(step));
  if (!steps.empty()) value["steps"] = std::move(steps);
  for (const PlannedPhase& phase : plan.phases) {
    Value::Array calls;
    for (const PlannedCall& call : phase.calls) calls.push_back(to_value(call));
    phases.push_back(Value::object({{"name", phase.name}, {"calls", std::move(calls)}}));
  }
  for (const PlannedRestore& restore : plan.restores) restores.push_back(to_value(restore));
  for (const Choice& choice : plan.choices) {
    choices.push_back(Value::object({{"id", choice.id},
                                     {"instance", choice.instance},
                                     {"operation", choice.operation},
                                     {"args", choice.args},
                                     {"answer", choice.answer}}));
    if (choice.error) choices.back()["error"] = to_value(*choice.error);
  }
  for (const Concern& concern : plan.concerns) concerns.push_back(to_value(concern));
  for (const CodeFile& file : plan.code) {
    code.push_back(Value::object(
        {{"name", file.name}, {"path", file.path}, {"sha256", file.sha256}, {"text", file.text}}));
  }
  for (const PluginUse& use : plan.plugins) {
    plugins.push_back(Value::object(
        {{"id", use.id}, {"version", use.version}, {"path", use.path}, {"sha256", use.sha256}}));
  }
  value["phases"] = std::move(phases);
  value["restores"] = std::move(restores);
  value["choices"] = std::move(choices);
  value["concerns"] = std::move(concerns);
  value["code"] = std::move(code);
  value["plugins"] = std::move(plugins);
  return value;
}

Result<Plan> plan_from(const Value& value) {
  if (value.at("format").text() != kPlanFormat)
    return fail(invalid("this file is not a snapcore plan"));
  if (value.at("version").int_or(0) != kPlanVersion) {
    return fail(invalid("this plan has version " + value.at("version").dump() +
                        ", this snapcore reads version " + std::to_string(kPlanVersion)));
  }
  Plan plan;
  plan.id = value.at("id").text();
  plan.summary = value.at("summary").text();
  plan.params = value.at("params");
  const auto made = parse_time(value.at("made").text());
  if (!made || plan.id.empty())
    return fail(invalid("the plan says neither who it is nor when it was made"));
  plan.made = *made;
  for (const Value& item : value.at("phases").items()) {
    PlannedPhase phase{item.at("name").text(), {}};
    for (const Value& member : item.at("calls").items()) {
      auto call = call_from(member);
      if (!call) return fail(call.error());
      phase.calls.push_back(std::move(*call));
    }
    plan.phases.push_back(std::move(phase));
  }
  for (const Value& item : value.at("parts").items()) {
    auto part = part_from(item);
    if (!part) return fail(part.error());
    plan.parts.push_back(std::move(*part));
  }
  for (const Value& item : value.at("steps").items()) plan.steps.push_back(step_from(item));
  for (const Value& item : value.at("restores").items())
    plan.restores.push_back(restore_from(item));
  for (const Value& item : value.at("choices").items()) {
    plan.choices.push_back({item.at("id").text(), item.at("instance").text(),
                            item.at("operation").text(), item.at("args"), item.at("answer")});
    if (item.has("error")) plan.choices.back().error = error_from(item.at("error"));
  }
  for (const Value& item : value.at("concerns").items())
    plan.concerns.push_back(concern_from(item));
  plan.accepted_losses = texts_from(value.at("accepted_losses"));
  plan.notes = texts_from(value.at("notes"));
  for (const Value& item : value.at("code").items()) {
    CodeFile file{item.at("name").text(), item.at("path").text(), item.at("sha256").text(),
                  item.at("text").text()};
    if (sha256_hex(file.text) != file.sha256)
      return fail(invalid("the text of " + file.name + " was edited in the plan"));
    plan.code.push_back(std::move(file));
  }
  plan.site_path = value.at("site_path").text();
  plan.site_digest = value.at("site").text();
  for (const Value& item : value.at("plugins").items()) {
    plan.plugins.push_back({item.at("id").text(), item.at("version").text(), item.at("path").text(),
                            item.at("sha256").text()});
  }
  plan.has_fresh_arguments = value.at("has_fresh_arguments").bool_or(false);
  if (plan.digest() != value.at("digest").text()) {
    return fail(invalid("the plan was edited: it says digest " +
                        value.at("digest").text().substr(0, 12) + " and its content has " +
                        plan.digest().substr(0, 12)));
  }
  return plan;
}

}  // namespace snapcore
