#include "engine/plan.hpp"

#include <algorithm>
#include <snapcore/support/digest.hpp>

namespace snapcore {
namespace {

constexpr std::string_view kFormat = "snapcore-plan";
constexpr int kVersion = 1;

constexpr std::string_view kConcernStates[] = {"refused", "waived", "ask", "warned"};

Value undo_value(const UndoRule& undo) {
  switch (undo.kind) {
    case UndoRule::Kind::kCompensate: return "compensate";
    case UndoRule::Kind::kNested: return "nested";
    case UndoRule::Kind::kNone: break;
  }
  return Value::object({{"none", undo.reason}});
}

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

Value nested_value(const std::vector<NestedCall>& nested) {
  Value::Array list;
  for (const NestedCall& call : nested) {
    list.push_back(Value::object({{"label", call.label},
                                  {"instance", call.instance},
                                  {"operation", call.operation},
                                  {"args", call.args}}));
  }
  return list;
}

// What approval of one call means.
Value meaning(const PlannedCall& call) {
  return Value::object({{"id", call.id},
                        {"instance", call.instance},
                        {"operation", call.operation},
                        {"effect", to_text(call.effect)},
                        {"args", call.args},
                        {"condition", call.condition},
                        {"nested", nested_value(call.nested)},
                        {"undo", undo_value(call.undo)}});
}

Value meaning(const PlannedPart& part) {
  Value value = Value::object({{"id", part.id}, {"word", to_text(part.kind)}, {"rule", part.rule}});
  if (!part.outline.empty()) value["outline"] = true;
  return value;
}

Value meaning(const PlannedRestore& restore) {
  const Value& artifact = restore.artifact;
  return Value::object({{"id", restore.id},
                        {"target", restore.target},
                        {"source", artifact.at("source")},
                        {"ref", artifact.at("ref")},
                        {"sha256", artifact.at("sha256")},
                        {"version_id", artifact.at("version_id")}});
}

Value waivers_of(const Plan& plan) {
  Value::Array list;
  for (const Concern& concern : plan.concerns) {
    if (concern.state != Concern::State::kWaived && concern.state != Concern::State::kAsk) continue;
    const bool asked = concern.state == Concern::State::kAsk;
    list.push_back(Value::object({{"guard", concern.guard},
                                  {"target", concern.target},
                                  {"asked", asked},
                                  {"reason", concern.reason}}));
  }
  return list;
}

Value meaning(const Plan& plan) {
  Value::Array phases, restores, code, plugins;
  for (const PlannedPhase& phase : plan.phases) {
    Value::Array calls;
    for (const PlannedCall& call : phase.calls) calls.push_back(meaning(call));
    phases.push_back(Value::object({{"name", phase.name}, {"calls", std::move(calls)}}));
  }
  for (const PlannedRestore& restore : plan.restores) restores.push_back(meaning(restore));
  for (const CodeFile& file : plan.code) {
    code.push_back(Value::object({{"name", file.name}, {"sha256", file.sha256}}));
  }
  for (const PluginUse& use : plan.plugins) {
    plugins.push_back(Value::object({{"id", use.id}, {"sha256", use.sha256}}));
  }
  Value value = Value::object({{"format", kFormat},
                               {"version", kVersion},
                               {"params", plan.params},
                               {"phases", std::move(phases)},
                               {"restores", std::move(restores)},
                               {"waivers", waivers_of(plan)},
                               {"accepted_losses", texts_of(plan.accepted_losses)},
                               {"code", std::move(code)},
                               {"site", plan.site_digest},
                               {"plugins", std::move(plugins)}});
  Value::Array parts;
  for (const PlannedPart& part : plan.parts) parts.push_back(meaning(part));
  if (!parts.empty()) value["parts"] = std::move(parts);
  return value;
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

// Compares two values member by member; `path` names where.
void compare(const std::string& path, const Value& approved, const Value& now,
             std::vector<std::string>& lines) {
  if (approved == now) return;
  if (approved.is_object() && now.is_object()) {
    for (const auto& [key, member] : approved.members()) {
      compare(path.empty() ? key : path + "." + key, member, now.at(key), lines);
    }
    for (const auto& [key, member] : now.members()) {
      if (!approved.has(key))
        compare(path.empty() ? key : path + "." + key, Value(), member, lines);
    }
    return;
  }
  if (approved.is_array() && now.is_array() && approved.items().size() == now.items().size()) {
    for (std::size_t i = 0; i < now.items().size(); ++i) {
      compare(path + "[" + std::to_string(i + 1) + "]", approved.items()[i], now.items()[i], lines);
    }
    return;
  }
  const auto shown = [](const Value& value) {
    return value.is_null() ? std::string("absent") : value.dump();
  };
  lines.push_back(path + ": approved plan " + shown(approved) + ", this run " + shown(now));
}

// Lists by a member that names each item, so that one inserted item does not shift the rest.
Value keyed(const Value& list, std::string_view key) {
  Value::Object by_name;
  for (const Value& item : list.items()) by_name[item.at(key).text()] = item;
  return by_name;
}

}  // namespace

Value texts_of(const std::vector<std::string>& list) {
  return Value::Array(list.begin(), list.end());
}

std::vector<std::string> texts_from(const Value& value) {
  std::vector<std::string> list;
  for (const Value& item : value.items()) list.push_back(item.text());
  return list;
}

bool PlannedCall::is_point_of_no_return() const {
  if (effect == Effect::kDestroy) return true;
  // What is made on the way back is not taken back anyway.
  return is_act() && undo.kind == UndoRule::Kind::kNone && !is_on_the_way_back(id);
}

std::vector<const PlannedCall*> Plan::calls() const {
  std::vector<const PlannedCall*> list;
  for (const PlannedPhase& phase : phases) {
    for (const PlannedCall& call : phase.calls) list.push_back(&call);
  }
  return list;
}

const PlannedCall* Plan::find(std::string_view wanted) const {
  for (const PlannedPhase& phase : phases) {
    for (const PlannedCall& call : phase.calls) {
      if (call.id == wanted) return &call;
    }
  }
  return nullptr;
}

const PlannedPart* Plan::part(std::string_view wanted) const {
  for (const PlannedPart& part : parts) {
    if (part.id == wanted) return &part;
  }
  return nullptr;
}

std::vector<const PlannedPart*> Plan::outlines() const {
  std::vector<const PlannedPart*> list;
  for (const PlannedPart& part : parts) {
    if (!part.outline.empty()) list.push_back(&part);
  }
  return list;
}

const PlannedPart* Plan::outline(std::string_view phase) const {
  for (const PlannedPart* part : outlines()) {
    if (part->rule.at("name").view() == phase) return part;
  }
  return nullptr;
}

bool Plan::changes_something() const {
  const auto open = outlines();
  return acts() > 0 || std::any_of(open.begin(), open.end(), [](const PlannedPart* part) {
           return part->rule.at("within").at("acts").int_or(0) > 0;
         });
}

Plan with_phase(Plan plan, const std::string& part, const Plan& phase) {
  const auto outline = std::find_if(plan.parts.begin(), plan.parts.end(),
                                    [&](const PlannedPart& planned) { return planned.id == part; });
  // A plan that was made anew behind the phase holds it already.
  if (outline == plan.parts.end() || outline->outline.empty()) return plan;
  outline->outline.clear();
  const std::string name = outline->rule.at("name").text();
  const std::size_t before = outline->calls_before;
  const auto calls = phase.calls();
  for (PlannedPhase& planned : plan.phases) {
    if (planned.name != name) continue;
    for (const PlannedCall* call : calls) planned.calls.push_back(*call);
  }
  for (auto behind = outline + 1; behind != plan.parts.end(); ++behind)
    behind->calls_before += calls.size();
  auto inner = phase.parts;
  for (PlannedPart& planned : inner) planned.calls_before += before;
  plan.parts.insert(outline + 1, inner.begin(), inner.end());
  const auto append = [](auto& list, const auto& more) {
    list.insert(list.end(), more.begin(), more.end());
  };
  append(plan.restores, phase.restores);
  append(plan.choices, phase.choices);
  append(plan.concerns, phase.concerns);
  append(plan.notes, phase.notes);
  for (const PluginUse& use : phase.plugins) {
    const bool known = std::any_of(plan.plugins.begin(), plan.plugins.end(),
                                   [&](const PluginUse& other) { return other.id == use.id; });
    if (!known) plan.plugins.push_back(use);
  }
  return plan;
}

Result<Plan> with_phases(Plan plan, const std::vector<Value>& recorded) {
  for (const Value& body : recorded) {
    const auto phase = plan_from(body.at("plan"));
    if (!phase) return fail(phase.error());
    plan = with_phase(std::move(plan), body.at("part").text(), *phase);
  }
  return plan;
}

std::string whole_instance(std::string_view name) { return "instance:" + std::string(name); }

bool is_on_the_way_back(std::string_view call_id) {
  return call_id.find("/on_rollback[") != std::string_view::npos;
}

std::size_t Plan::acts() const {
  std::size_t count = 0;
  for (const PlannedCall* call : calls()) count += call->is_act() ? 1 : 0;
  return count;
}

std::uint64_t seed_of_plan(std::string_view plan_id) {
  return std::stoull(sha256_hex(plan_id).substr(0, 15), nullptr, 16);
}

std::string Plan::digest() const { return sha256_hex(meaning(*this).dump()); }

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
  Value::Array phases, parts, restores, choices, concerns, code, plugins;
  for (const PlannedPart& part : plan.parts) parts.push_back(to_value(part));
  if (!parts.empty()) value["parts"] = std::move(parts);
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
  if (value.at("format").text() != kFormat)
    return fail(invalid("this file is not a snapcore plan"));
  if (value.at("version").int_or(0) != kVersion) {
    return fail(invalid("this plan has version " + value.at("version").dump() +
                        ", this snapcore reads version " + std::to_string(kVersion)));
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
  for (const Value& item : value.at("restores").items())
    plan.restores.push_back(restore_from(item));
  for (const Value& item : value.at("choices").items()) {
    plan.choices.push_back({item.at("id").text(), item.at("instance").text(),
                            item.at("operation").text(), item.at("args"), item.at("answer")});
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

std::vector<std::string> differences(const Plan& approved, const Plan& now) {
  const auto arranged = [](const Plan& plan) {
    Value value = meaning(plan);
    Value::Object calls;
    Value::Array order;
    for (const Value& phase : value.at("phases").items()) {
      order.push_back("phase " + phase.at("name").text());
      for (const Value& call : phase.at("calls").items()) {
        order.push_back(call.at("id"));
        Value entry = call;
        entry.erase("id");
        calls["call " + call.at("id").text()] = std::move(entry);
      }
    }
    value.erase("phases");
    value["calls"] = std::move(calls);
    value["order"] = std::move(order);
    value["parts"] = keyed(value.at("parts"), "id");
    value["code"] = keyed(value.at("code"), "name");
    value["plugins"] = keyed(value.at("plugins"), "id");
    value["restores"] = keyed(value.at("restores"), "id");
    return value;
  };
  std::vector<std::string> lines;
  compare("", arranged(approved), arranged(now), lines);
  return lines;
}

}  // namespace snapcore
