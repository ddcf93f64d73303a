#include "engine/plan.hpp"

#include <algorithm>
#include <snapcore/support/digest.hpp>

namespace snapcore {

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

const PlannedStep* Plan::step(std::string_view wanted) const {
  for (const PlannedStep& step : steps) {
    if (step.id == wanted) return &step;
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
  append(plan.steps, phase.steps);
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

}  // namespace snapcore
