#include "engine/plan_meaning.hpp"

#include <snapcore/support/digest.hpp>

namespace snapcore {
namespace {

Value undo_value(const UndoRule& undo) {
  switch (undo.kind) {
    case UndoRule::Kind::kCompensate: return "compensate";
    case UndoRule::Kind::kNested: return "nested";
    case UndoRule::Kind::kNone: break;
  }
  return Value::object({{"none", undo.reason}});
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

}  // namespace

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
  Value value = Value::object({{"format", kPlanFormat},
                               {"version", kPlanVersion},
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

std::string Plan::digest() const { return sha256_hex(meaning(*this).dump()); }

}  // namespace snapcore
