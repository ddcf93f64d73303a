// retry, wait_until, attempt, on_rollback and phase while planning: each body is planned once, of
// an attempt every way. A phase that cannot be planned yet stays an outline.
#include <algorithm>

#include "base/text.hpp"
#include "engine/bounds.hpp"
#include "engine/later.hpp"
#include "engine/planner_state.hpp"

namespace snapcore {
namespace {

// A wait looks at what is not there yet: where its body cannot go on while planning, it is planned
// up to there. Only reads and verifies stand in it.
bool ends_a_look(const Error& error) {
  return error.code == "runbook.unknown_value" || error.category == Category::kTransient;
}

}  // namespace

bool waits_for_the_run(const Error& error) {
  return ends_a_look(error) || error.code == "plan.target_changed_before" ||
         error.code == "plan.artifact_unknown";
}

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
  if (part.kind == PartKind::kPhase) return check_phase(part);
  if (inside(PartKind::kOnRollback)) return refuse("on_rollback", "it holds calls and notes alone");
  if (inside(PartKind::kWaitUntil))
    return refuse("wait_until", "it holds reads and verifies alone");
  if (inside(PartKind::kParallel) && part.kind == PartKind::kParallel)
    return refuse("parallel",
                  "give the outer one all functions; its limit is how many run at once");
  if (inside(PartKind::kRetry) && part.kind == PartKind::kAttempt)
    return refuse("retry", "put the retry inside of what is attempted");
  return {};
}

// What stands behind a phase must be sure to come after it, and a phase is approved as a whole.
Result<> Planner::State::check_phase(const Part& part) const {
  const std::string name = part.rule.at("name").text();
  if (!request.within.empty() || !parts.empty() || !step.empty() || scopes.depth() > 1) {
    return fail(
        {.code = "runbook.bad_place",
         .message = to_text(part.line) + ": phase '" + name + "' stands inside of something else",
         .hint = "steps and other words stand inside of phases, phases inside of nothing"});
  }
  for (const Value& instance : part.rule.at("within").at("instances").items()) {
    if (request.instances.site().find(instance.view())) continue;
    return fail({.code = "site.unknown_instance",
                 .message = to_text(part.line) + ": phase '" + name + "' names the instance '" +
                            instance.text() + "' in its bounds, which the site does not have",
                 .hint = "the site: " + request.instances.site().path.string()});
  }
  for (const PlannedPart& other : plan.parts) {
    if (other.kind != PartKind::kPhase || other.rule.at("name").view() != name) continue;
    return fail({.code = "runbook.bad_argument",
                 .message = to_text(part.line) + ": there is a phase '" + name + "' already",
                 .hint = "each phase has a name of its own"});
  }
  return {};
}

Result<> Planner::State::check_choice(const std::string& what, const Line& line) const {
  if (!inside(PartKind::kWaitUntil)) return {};
  Error error = choice_in_wait(what);
  error.message = to_text(line) + ": " + error.message;
  return fail(std::move(error));
}

PlannedPhase& Planner::State::phase_here() {
  if (plan.phases.empty() || behind_phase) plan.phases.push_back({});
  behind_phase = false;
  return plan.phases.back();
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
  open.before = {.steps = state.plan.steps.size(),
                 .restores = state.plan.restores.size(),
                 .choices = state.plan.choices.size(),
                 .concerns = state.plan.concerns.size(),
                 .notes = state.plan.notes.size(),
                 .perhaps = state.perhaps.size()};
  if (part.kind == PartKind::kPhase) {
    state.plan.phases.push_back({part.rule.at("name").text(), {}});
    state.behind_phase = false;
  }
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

Result<Next> Planner::State::phase_ended(OpenPart& part, const BodyEnd& end) {
  behind_phase = true;
  Result<> ended;
  if (stop) {
    ended = fail(*stop);
  } else if (end.failed && waits_for_the_run(end.failed->error)) {
    ended = leave_as_outline(part, end.failed->error);
  } else if (end.failed) {
    ended = fail(end.failed->error);
  }
  leave_part();
  return ended ? Result<Next>(Next{}) : fail(ended.error());
}

// What its body came to before it could not go on is taken out: it is planned anew, as a whole.
Result<> Planner::State::leave_as_outline(OpenPart& part, const Error& why) {
  PlannedPart& planned = this->planned(part);
  const std::string name = planned.rule.at("name").text();
  if (planned.rule.at("within").is_null()) {
    return fail({.code = "plan.phase_without_bounds",
                 .message = "phase '" + name + "' (" + to_text(planned.line) +
                            ") cannot be planned yet, and does not say what it may do at most: " +
                            why.message,
                 .hint = "write phase(\"" + name +
                         "\", { within = { instances = { ... }, acts = N } }, function() ... end)",
                 .category = Category::kPrecondition});
  }
  const auto bounds = bounds_from(planned.rule.at("within"));
  if (!bounds) return fail(bounds.error());
  for (const std::string& instance : bounds->instances) {
    // So that the plan holds the digests of their plugins.
    if (auto opened = request.instances.open(instance); !opened) return fail(opened.error());
  }
  planned.outline = first_line(why.message);
  plan.phases.back().calls.clear();
  plan.parts.resize(part.planned + 1);
  plan.steps.resize(part.before.steps);
  plan.restores.resize(part.before.restores);
  plan.choices.resize(part.before.choices);
  plan.concerns.resize(part.before.concerns);
  plan.notes.resize(part.before.notes);
  perhaps.resize(part.before.perhaps);
  perhaps.push_back(planned.id);
  changed = part.changed_before;
  changed.insert(bounds->instances.begin(), bounds->instances.end());
  step.clear();
  return {};
}

Value Planner::State::with_known(const Value& args) const {
  return request.result_of ? resolve_known(args, request.result_of) : args;
}

Result<Next> Planner::body_ended(const BodyEnd& end) {
  State& state = *state_;
  State::OpenPart& part = state.parts.back();
  const PlannedPart& planned = state.planned(part);
  if (planned.kind == PartKind::kPhase) return state.phase_ended(part, end);
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
