// retry, wait_until, attempt and on_rollback while planning: each body is planned once, of an
// attempt every way.
#include <algorithm>

#include "engine/planner_state.hpp"

namespace snapcore {
namespace {

bool names_call_in(const Value& value, const std::string& scope) {
  if (is_later(value)) return stands_in(value.at("$later").at("call").view(), scope);
  return std::any_of(value.items().begin(), value.items().end(),
                     [&](const Value& item) { return names_call_in(item, scope); }) ||
         std::any_of(value.members().begin(), value.members().end(),
                     [&](const auto& member) { return names_call_in(member.second, scope); });
}

// A wait looks at what is not there yet: where its body cannot go on while planning, it is planned
// up to there. Only reads and verifies stand in it.
bool ends_a_look(const Error& error) {
  return error.code == "runbook.unknown_value" || error.category == Category::kTransient;
}

}  // namespace

bool Planner::State::inside(PartKind kind) const {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const OpenPart& part) { return plan.parts[part.planned].kind == kind; });
}

Result<> Planner::State::check_place(const Part& part) {
  const auto refuse = [&](std::string_view outer, std::string hint) {
    return fail({.code = "runbook.bad_place",
                 .message = to_text(part.line) + ": " + std::string(to_text(part.kind)) +
                            " cannot stand inside of " + std::string(outer),
                 .hint = std::move(hint)});
  };
  if (inside(PartKind::kOnRollback)) return refuse("on_rollback", "it holds calls and notes alone");
  if (inside(PartKind::kWaitUntil))
    return refuse("wait_until", "it holds reads and verifies alone");
  if (inside(PartKind::kRetry) && part.kind == PartKind::kAttempt)
    return refuse("retry", "put the retry inside of what is attempted");
  return {};
}

Result<> Planner::State::check_allowed(const PlannedCall& call) const {
  const std::string what = call.instance + "." + call.operation;
  if (call.is_act() && inside(PartKind::kWaitUntil)) {
    return fail({.code = "runbook.act_in_wait_until",
                 .message = to_text(call.line) + ": " + what +
                            " is an act, and wait_until holds reads and verifies only",
                 .hint = "put it behind the wait, or use retry"});
  }
  for (const std::string& scope : perhaps) {
    if (!names_call_in(call.args, scope) && !names_call_in(call.condition, scope)) continue;
    return fail({.code = "plan.perhaps_unknown",
                 .message = to_text(call.line) + ": " + what +
                            " needs a value of a call that may not be made, in " + scope,
                 .hint = "use the value in the same function as the call that gives it"});
  }
  return {};
}

Result<Next> Planner::begin_part(const Part& part) {
  State& state = *state_;
  if (auto going = state.keep_going(); !going) return fail(going.error());
  if (auto fits = state.check_place(part); !fits) return fail(fits.error());
  State::OpenPart open{.planned = state.plan.parts.size(), .depth = state.scopes.depth()};
  state.scopes.open(state.scopes.numbered(to_text(part.kind)));
  state.plan.parts.push_back({.id = state.scopes.here().path,
                              .kind = part.kind,
                              .rule = part.rule,
                              .step = state.step,
                              .line = part.line,
                              .calls_before = state.plan.calls().size()});
  open.changed_before = state.changed;
  if (part.kind == PartKind::kAttempt) {
    open.ways_left = texts_from(part.rule.at("codes"));
    std::reverse(open.ways_left.begin(), open.ways_left.end());
    state.scopes.open("body");
  }
  state.parts.push_back(std::move(open));
  return Next{.what = Next::Do::kBody};
}

// What the way before did is taken back before the next one begins, so that what it changed is as
// it was before the attempt.
Next Planner::State::next_way(OpenPart& part) {
  perhaps.push_back(scopes.here().path);
  part.changed_in_ways.insert(changed.begin(), changed.end());
  if (part.ways_left.empty()) {
    changed = std::move(part.changed_in_ways);
    leave_part();
    return {};
  }
  const std::string code = part.ways_left.back();
  part.ways_left.pop_back();
  changed = part.changed_before;
  scopes.close_to(part.depth + 1);
  scopes.open("on[" + code + "]");
  return {.what = Next::Do::kHandler, .code = code, .failure = {.error = {.code = code}}};
}

void Planner::State::leave_part() {
  scopes.close_to(parts.back().depth);
  parts.pop_back();
}

Result<Next> Planner::body_ended(const BodyEnd& end) {
  State& state = *state_;
  State::OpenPart& part = state.parts.back();
  const PlannedPart& planned = state.planned(part);
  const bool enough = planned.kind == PartKind::kWaitUntil && end.failed && !state.stop &&
                      ends_a_look(end.failed->error);
  if (state.stop || (end.failed && !enough)) {
    state.leave_part();
    return fail(state.stop ? *state.stop : end.failed->error);
  }
  state.scopes.close_to(part.depth + (planned.kind == PartKind::kAttempt ? 2 : 1));
  if (planned.kind == PartKind::kAttempt) return state.next_way(part);
  if (planned.kind == PartKind::kOnRollback) {
    state.perhaps.push_back(planned.id);
    state.changed = std::move(part.changed_before);
  }
  state.leave_part();
  return Next{};
}

}  // namespace snapcore
