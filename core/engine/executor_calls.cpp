// One call of a run: the records around it, the act on the undo stack before it begins, and what
// its plugin may ask meanwhile.
#include <chrono>
#include <snapcore/support/digest.hpp>

#include "engine/core_operations.hpp"
#include "engine/executor_state.hpp"

namespace snapcore {
namespace {

using SteadyClock = std::chrono::steady_clock;

Value intent_body(const std::string& id, const Instance& instance, const Operation& operation,
                  const Value& args, const std::string& key, int attempt) {
  const auto mark = id.rfind('#');
  return Value::object({{"call", id},
                        {"scope", id.substr(0, mark)},
                        {"seq", mark == std::string::npos ? std::string() : id.substr(mark + 1)},
                        {"instance", instance.name()},
                        {"operation", operation.name},
                        {"effect", to_text(operation.effect)},
                        {"args", args},
                        {"args_digest", sha256_hex(args.dump())},
                        {"key", key},
                        {"attempt", attempt}});
}

// The first predicted member that did not come true.
std::string broken_prediction(const Value& predicted, const Value& result) {
  for (const auto& [name, value] : predicted.members()) {
    if (result.at(name) != value) {
      return "'" + name + "' was predicted as " + value.dump() + " and is " +
             result.at(name).dump();
    }
  }
  return "";
}

Value streams_of(const std::vector<OpenedInput>& inputs) {
  Value::Array list;
  for (const OpenedInput& input : inputs) {
    list.push_back(
        Value::object({{"ref", input.artifact.at("ref")},
                       {"source", input.artifact.at("source")},
                       {"bytes", input.passed.bytes},
                       {"sha256", input.passed.complete ? Value(input.passed.sha256) : Value()}}));
  }
  return list;
}

// Nothing happened, and the plugin did not even prepare for it.
bool leaves_nothing(const Error& error, const StandingAct& act) {
  return error.outcome == snapcore::Outcome::kNothingHappened && !act.undo && act.nested.empty();
}

}  // namespace

Result<Value> Executor::State::execute(const PlannedCall& planned,
                                       std::shared_ptr<Instance> instance,
                                       const Operation& operation,
                                       std::vector<OpenedInput>* inputs) {
  const auto args = resolve(planned.args);
  if (!args) return fail(halt(args.error()));
  const std::string key = idempotency_key(planned.id);
  done.insert(planned.id);
  if (auto written = record(record::kIntent,
                            intent_body(planned.id, *instance, operation, planned.args, key, 1));
      !written) {
    return fail(written.error());
  }
  request.audience.call_began(planned);

  StandingAct act{.planned = &planned,
                  .instance = instance,
                  .operation = &operation,
                  .call_id = planned.id,
                  .args = *args};
  act.staging = operation.name == "stage" && instance->manifest().has_role(Role::kTarget);
  act.was_dead = dead_before.count(instance->name()) > 0;
  LiveCall call{.instances = request.instances,
                .instance = *instance,
                .operation = operation,
                .run_id = request.run_id,
                .call_id = planned.id,
                .key = key,
                .started = started,
                .audience = &request.audience,
                .shown_as = &planned,
                .cancelled = &request.cancelled,
                .scratch_root = request.scratch_root};
  if (planned.is_act()) {
    call.on_checkpoint = [&](Value position) {
      return record(record::kCheckpoint,
                    Value::object({{"call", planned.id}, {"position", std::move(position)}}));
    };
    call.on_undo = [&](Value undo) -> Result<> {
      auto written =
          record(record::kUndoRecorded, Value::object({{"call", planned.id}, {"undo", undo}}));
      if (written) act.undo = std::move(undo);
      return written;
    };
    if (!act.staging) touched = true;
  }
  call.on_nested = [&](const NestedRequest& nested) {
    return execute_nested(planned, act, *instance, nested);
  };

  const auto began = SteadyClock::now();
  auto answered = call.run(*args);
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - began).count();
  if (inputs) *inputs = answered.inputs;

  if (!answered.result) {
    const Error& error = answered.result.error();
    if (planned.is_act() && !leaves_nothing(error, act)) standing.push_back(std::move(act));
    auto written =
        record(record::kError, Value::object({{"call", planned.id}, {"error", to_value(error)}}));
    request.audience.call_failed(planned, error);
    if (!written) return fail(written.error());
    return fail(halt(error));
  }
  act.result = *answered.result;
  if (planned.is_act()) standing.push_back(std::move(act));
  results[planned.id] = *answered.result;
  if (auto written =
          record(record::kResult,
                 Value::object({{"call", planned.id},
                                {"result", *answered.result},
                                {"streams", streams_of(answered.inputs)},
                                {"milliseconds", static_cast<std::int64_t>(seconds * 1000)}}));
      !written) {
    return fail(written.error());
  }
  request.audience.call_done(planned, *answered.result);
  auto words = texts_from(answered.result->at("words"));
  std::uint64_t bytes = 0;
  for (const OpenedInput& input : answered.inputs) bytes += input.passed.bytes;
  report.done.push_back({planned.step, planned.instance, planned.operation,
                         words.empty() ? planned.effects : words, seconds, bytes});
  if (const auto broken = broken_prediction(planned.predicted, *answered.result); !broken.empty()) {
    return fail(halt({.code = "plugin.broken_prediction",
                      .message = "plugin " + instance->manifest().id + " misbehaves: of " +
                                 planned.instance + "." + planned.operation + " " + broken,
                      .category = Category::kInternal,
                      .outcome = snapcore::Outcome::kHappened}));
  }
  return *answered.result;
}

Result<Value> Executor::State::execute_nested(const PlannedCall& outer, StandingAct& parent,
                                              const Instance& caller, const NestedRequest& nested) {
  const auto target = resolve_nested(request.instances, caller, nested);
  if (!target) return fail(target.error());
  LiveCall call{.instances = request.instances,
                .instance = *target->instance,
                .operation = *target->operation,
                .run_id = request.run_id,
                .call_id = outer.id + "/" + std::string(nested.label),
                .started = started,
                .cancelled = &request.cancelled,
                .scratch_root = request.scratch_root};
  call.key = idempotency_key(call.call_id);
  if (target->operation->effect == Effect::kRead) {
    call.on_nested = nested_reads(request.instances, *target->instance, &request.cancelled);
    return call.run_here(nested.args, {nested.output}, {nested.input}).result;
  }
  bool announced = false;
  for (const NestedCall& planned : outer.nested) {
    announced =
        announced || (planned.label == nested.label && planned.instance == nested.instance &&
                      planned.operation == nested.operation && planned.args == nested.args);
  }
  if (!announced) {
    return fail(deviation("inside of call " + outer.id + "\n  approved plan: no call '" +
                          std::string(nested.label) +
                          "' like this\n  this run: " + std::string(nested.instance) + "." +
                          std::string(nested.operation) + " " + nested.args.dump()));
  }
  if (auto written =
          record(record::kIntent, intent_body(call.call_id, *target->instance, *target->operation,
                                              nested.args, call.key, 1));
      !written) {
    return fail(written.error());
  }
  StandingAct act{.planned = &outer,
                  .instance = target->instance,
                  .operation = target->operation,
                  .call_id = call.call_id,
                  .args = nested.args};
  call.on_undo = [&](Value undo) -> Result<> {
    auto written =
        record(record::kUndoRecorded, Value::object({{"call", call.call_id}, {"undo", undo}}));
    if (written) act.undo = std::move(undo);
    return written;
  };
  call.on_nested = [&](const NestedRequest& deeper) {
    return execute_nested(outer, act, *target->instance, deeper);
  };
  auto answered = call.run_here(nested.args, {nested.output}, {nested.input});
  if (answered.result) act.result = *answered.result;
  const bool stands = answered.result || !leaves_nothing(answered.result.error(), act);
  if (stands && is_act(target->operation->effect)) parent.nested.push_back(std::move(act));
  auto written =
      answered.result
          ? record(record::kResult,
                   Value::object({{"call", call.call_id}, {"result", *answered.result}}))
          : record(record::kError, Value::object({{"call", call.call_id},
                                                  {"error", to_value(answered.result.error())}}));
  if (!written) return fail(written.error());
  return answered.result;
}

}  // namespace snapcore
