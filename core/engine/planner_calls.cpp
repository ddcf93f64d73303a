// One call of a runbook while planning: a read is made and its answer remembered for the second
// pass, an act is asked what it would do.
#include <algorithm>

#include "engine/live_call.hpp"
#include "engine/nested.hpp"
#include "engine/planner_state.hpp"
#include "engine/way_back.hpp"

namespace snapcore {
namespace {

constexpr std::ptrdiff_t kDeepest = 32;  // scopes and calls inside of calls

bool holds_later(const Value& value) {
  if (is_later(value)) return true;
  for (const Value& item : value.items()) {
    if (holds_later(item)) return true;
  }
  return std::any_of(value.members().begin(), value.members().end(),
                     [](const auto& member) { return holds_later(member.second); });
}

std::vector<NestedCall> nested_from(const Value& answer) {
  std::vector<NestedCall> calls;
  for (const Value& nested : answer.at("calls").items()) {
    calls.push_back({nested.at("label").text(), nested.at("instance").text(),
                     nested.at("operation").text(), nested.at("args")});
  }
  return calls;
}

// The plan entry's answer, moved into the planned call.
void take_answer(const Value& answer, PlannedCall& call) {
  call.predicted = answer.at("predicted").is_null() ? Value::object() : answer.at("predicted");
  call.effects = texts_from(answer.at("effects"));
  call.keeps = texts_from(answer.at("keeps"));
  call.resources = texts_from(answer.at("resources"));
  call.shell = texts_from(answer.at("shell"));
  call.undo_words = texts_from(answer.at("undo").at("words"));
  call.bytes = answer.at("cost").at("bytes").uint_or(0);
  for (const Value& need : answer.at("cost").at("space").items()) {
    call.space.push_back({need.at("where").text(), need.at("needed").uint_or(0),
                          need.at("free").uint_or(UINT64_MAX)});
  }
  call.nested = nested_from(answer);
}

}  // namespace

Result<Value> Planner::State::learn(std::map<std::string, Learned::Answered>& answers,
                                    const std::string& id, std::string_view instance,
                                    std::string_view operation, const Value& args,
                                    const std::function<Result<Value>()>& ask) {
  const auto found = answers.find(id);
  if (found == answers.end()) {
    if (second) return fail(not_deterministic(id, instance, operation, "nothing"));
    auto answer = ask();
    return answers
        .emplace(id, Learned::Answered{std::string(instance), std::string(operation), args, answer})
        .first->second.answer;
  }
  const Learned::Answered& first = found->second;
  if (first.instance != instance || first.operation != operation || first.args != args) {
    return fail(not_deterministic(id, instance, operation, first.instance + "." + first.operation));
  }
  return first.answer;
}

Result<Value> Planner::State::read_learned(const std::string& id, Instance& instance,
                                           const Operation& operation, const Value& args) {
  return learn(learned->reads, id, instance.name(), operation.name, args, [&]() -> Result<Value> {
    if (auto before = answered_before(id, instance.name() + "." + operation.name)) return *before;
    LiveCall call{.instances = request.instances,
                  .instance = instance,
                  .operation = operation,
                  .audience = request.audience,
                  .cancelled = request.cancelled};
    Value::Array emitted;
    if (!operation.item.is_null()) {
      call.on_emit = [&](Value item) -> Result<> {
        emitted.push_back(std::move(item));
        return {};
      };
    }
    call.on_nested = nested_reads(request.instances, instance, request.cancelled);
    auto answered = call.run(args);
    if (answered.result && !operation.item.is_null()) return Value(std::move(emitted));
    return answered.result;
  });
}

Error Planner::State::not_deterministic(const std::string& id, std::string_view instance,
                                        std::string_view operation, const std::string& first) {
  stop = Error{
      .code = "plan.not_deterministic",
      .message = "the runbook does not do the same twice: call " + id + " is " +
                 std::string(instance) + "." + std::string(operation) +
                 " in the second planning pass and was " + first + " in the first",
      .hint = "let the runbook decide only on its parameters, reads, now(), uuid() and ask()"};
  return *stop;
}

Result<Value> Planner::State::plan_call(PlannedCall call, Instance& instance,
                                        const Operation& operation) {
  call.step = step;
  call.instance = instance.name();
  call.operation = operation.name;
  call.effect = operation.effect;
  call.undo = operation.undo;
  call.result_schema = operation.result;
  call.condition = scopes.here().condition;
  call.args = canonical_args(operation.args, std::move(call.args));
  if (auto allowed = check_allowed(call); !allowed) return fail(allowed.error());
  const auto answer = learn(
      learned->plans, call.id, call.instance, call.operation, call.args, [&]() -> Result<Value> {
        if (auto before = planned_before(call)) return *before;
        LiveCall live{.instances = request.instances,
                      .instance = instance,
                      .operation = operation,
                      .entry = Entry::kPlan,
                      .audience = request.audience,
                      .cancelled = request.cancelled};
        live.on_nested = nested_reads(request.instances, instance, request.cancelled);
        return live.run(with_known(call.args)).result;
      });
  if (!answer) return answer;
  take_answer(*answer, call);
  for (const NestedCall& nested : call.nested) {
    auto claimed = claim_nested(call, instance, nested, call.id + "/" + nested.label);
    if (!claimed) return fail(claimed.error());
  }
  if (inside(PartKind::kOnRollback)) {
    if (auto fits = check_on_the_way_back(call, operation); !fits) return fail(fits.error());
  }
  for (const Value& concern : answer->at("concerns").items()) {
    guards.raise(concern.at("guard").text(), call.instance, concern.at("message").text());
  }
  schemas[call.id] = call.result_schema;
  if (call.is_act() && !is_done(call.id)) changed.insert(call.instance);
  Value predicted = call.predicted;
  phase_here().calls.push_back(std::move(call));
  return predicted;
}

Result<> Planner::State::claim_nested(PlannedCall& outer, const Instance& caller,
                                      const NestedCall& nested, const std::string& id) {
  if (std::count(id.begin(), id.end(), '/') > kDeepest) {
    return fail({.code = "plugin.endless_calls",
                 .message = outer.instance + "." + outer.operation +
                            " announces calls inside of calls without end: " + id,
                 .category = Category::kInternal});
  }
  const auto target = resolve_nested(request.instances, caller,
                                     {.instance = nested.instance,
                                      .operation = nested.operation,
                                      .args = nested.args,
                                      .label = nested.label});
  if (!target) return fail(target.error());
  if (!is_act(target->operation->effect)) return {};
  if (outer.is_act() && !is_done(outer.id)) changed.insert(nested.instance);
  const auto answer = learn(
      learned->plans, id, nested.instance, nested.operation, nested.args, [&]() -> Result<Value> {
        LiveCall live{.instances = request.instances,
                      .instance = *target->instance,
                      .operation = *target->operation,
                      .entry = Entry::kPlan,
                      .cancelled = request.cancelled};
        live.on_nested = nested_reads(request.instances, *target->instance, request.cancelled);
        return live.run(nested.args).result;
      });
  // One that cannot be planned before the outer call was made stands for its whole instance.
  auto resources = answer ? texts_from(answer->at("resources")) : std::vector<std::string>();
  if (resources.empty()) resources.push_back(whole_instance(nested.instance));
  auto& claimed = outer.nested_resources;
  claimed.insert(claimed.end(), resources.begin(), resources.end());
  if (!answer) return stop ? fail(*stop) : Result<>();
  for (const NestedCall& inner : nested_from(*answer)) {
    auto done = claim_nested(outer, *target->instance, inner, id + "/" + inner.label);
    if (!done) return done;
  }
  return {};
}

Result<Answer> Planner::State::read(Instance& instance, const Operation& operation, Value args) {
  const std::string id = scopes.next_read().planned;
  args = with_known(args);
  const bool answered = answered_before(id, instance.name() + "." + operation.name).has_value();
  if (!answered && (changed.count(instance.name()) > 0 || holds_later(args))) {
    return Answer{
        .known = Value::object(), .schema = operation.result, .call = id, .complete = false};
  }
  auto value =
      read_learned(id, instance, operation, canonical_args(operation.args, std::move(args)));
  if (!value) return fail(value.error());
  return Answer{
      .known = std::move(*value), .schema = operation.result, .call = "", .complete = true};
}

Result<Answer> Planner::State::choose(CoreOperation which, std::string_view instance,
                                      std::string_view operation, const Value& args) {
  const std::string id = scopes.next_read().planned;
  const Value schema = core_result_schema(which);
  if (changed.count(std::string(instance)) > 0 || holds_later(args)) {
    return Answer{.known = Value::object(), .schema = schema, .call = id, .complete = false};
  }
  auto value = learn(learned->reads, id, instance, operation, args, [&]() -> Result<Value> {
    if (auto before = chosen_before(id, instance, operation, args)) return *before;
    return ask_source(which, instance, args);
  });
  plan.choices.push_back({id, std::string(instance), std::string(operation), args, Value()});
  if (!value) {
    // A runbook may go on behind it: then it fails with that again.
    plan.choices.back().error = value.error();
    return fail(value.error());
  }
  plan.choices.back().answer = *value;
  return Answer{.known = std::move(*value), .schema = schema, .call = "", .complete = true};
}

Result<Value> Planner::State::ask_source(CoreOperation which, std::string_view instance,
                                         const Value& args) {
  if (which == CoreOperation::kStat) {
    auto artifact = reads().stat(instance, args.at("ref").text());
    return artifact ? reads().with_kind(std::move(*artifact)) : artifact;
  }
  const std::string kind = args.at("kind").text();
  if (which == CoreOperation::kLatest) {
    std::optional<Time> before;
    if (args.has("before")) {
      before = parse_time(args.at("before").text());
      if (!before) {
        return fail({.code = "runbook.bad_argument",
                     .message = "before = '" + args.at("before").text() + "' is not a time",
                     .hint = "write it as 2026-01-31T04:05:06Z"});
      }
    }
    return reads().latest(instance, kind, args.at("prefix").text(), before);
  }
  auto artifacts = reads().list(instance, args.at("prefix").text());
  if (!artifacts) return fail(artifacts.error());
  Value::Array list;
  for (Value& artifact : *artifacts) {
    auto known = reads().with_kind(std::move(artifact));
    if (!known) return known;
    if (kind.empty() || known->at("kind").text() == kind) list.push_back(std::move(*known));
  }
  return Value(std::move(list));
}

}  // namespace snapcore
