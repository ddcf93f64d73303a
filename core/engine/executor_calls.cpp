// One call of a run: the records around it, the act on the undo stack before it begins, and what
// its plugin may ask meanwhile.
#include <algorithm>
#include <array>
#include <chrono>

#include "engine/call_records.hpp"
#include "engine/core_operations.hpp"
#include "engine/executor_state.hpp"

namespace snapcore {
namespace {

using SteadyClock = std::chrono::steady_clock;

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

// Nothing happened, and the plugin did not even prepare for it.
bool leaves_nothing(const Error& error, const StandingAct& act) {
  return error.outcome == snapcore::Outcome::kNothingHappened && !act.undo && act.nested.empty();
}

// For a caller that writes to a call which was made before.
void read_to_the_end(InputStream& input) {
  std::array<std::byte, 1 << 16> piece;
  for (auto got = input.read(piece); got && *got > 0; got = input.read(piece)) continue;
}

// What the plan left open fits whatever came of it, also when nothing did.
bool fits(const Value& planned, const Value& made) {
  if (is_later(planned)) return true;
  if (!planned.is_object() || !made.is_object()) return planned == made;
  return std::all_of(made.members().begin(), made.members().end(),
                     [&](const auto& member) { return planned.has(member.first); }) &&
         std::all_of(planned.members().begin(), planned.members().end(), [&](const auto& member) {
           return made.has(member.first) ? fits(member.second, made.at(member.first))
                                         : is_later(member.second);
         });
}

bool is_announced(const PlannedCall& outer, const NestedRequest& nested) {
  return std::any_of(outer.nested.begin(), outer.nested.end(), [&](const NestedCall& planned) {
    return planned.label == nested.label && planned.instance == nested.instance &&
           planned.operation == nested.operation && fits(planned.args, nested.args);
  });
}

}  // namespace

// --- the records around a call

Result<> Executor::State::begin(const CallSite& site, int attempt) {
  if (is_act(site.operation.effect) && request.may_act) {
    if (auto may = request.may_act(site.shown); !may) {
      barred = true;
      return fail(halt(may.error()));
    }
  }
  return record(record::kIntent, intent_body({.call = site.id,
                                              .instance = *site.instance,
                                              .operation = site.operation,
                                              .args = site.planned_args,
                                              .key = idempotency_key(site.id),
                                              .attempt = attempt,
                                              .parent = site.parent}));
}

Result<> Executor::State::end(const CallSite& site, const LiveCall::Answered& answered,
                              double seconds) {
  return record(record_type(answered), answer_body(site.id, answered, seconds));
}

StandingAct Executor::State::act_of(const CallSite& site) const {
  return {.planned = &site.shown,
          .instance = site.instance,
          .operation = &site.operation,
          .call_id = site.id,
          .args = site.args,
          .staging = is_staging(*site.instance, site.operation),
          .was_dead = dead_before.count(site.instance->name()) > 0};
}

// `act` gets what the plugin records meanwhile, and must outlive the call.
LiveCall Executor::State::live_call(const CallSite& site, StandingAct& act) {
  LiveCall call{.instances = request.instances,
                .instance = *site.instance,
                .operation = site.operation,
                .run_id = request.run_id,
                .call_id = site.id,
                .key = idempotency_key(site.id),
                .started = started,
                .cancelled = &request.cancelled,
                .scratch_root = request.scratch_root,
                .turn = here};
  call.on_nested = [this, &site, &act](const NestedRequest& nested) {
    return execute_nested(site.shown, act, *site.instance, nested);
  };
  if (!is_act(site.operation.effect)) return call;
  call.on_checkpoint = [this, &site](Value position) {
    return record(record::kCheckpoint,
                  Value::object({{"call", site.id}, {"position", std::move(position)}}));
  };
  call.on_undo = [this, &site, &act](Value undo) -> Result<> {
    auto written =
        record(record::kUndoRecorded, Value::object({{"call", site.id}, {"undo", undo}}));
    if (written) act.undo = std::move(undo);
    return written;
  };
  return call;
}

Error Executor::State::call_failed(const CallSite& site, Error error) {
  if (!here->stop) {
    here->failed = BodyFailure{
        .error = error, .step = site.shown.step, .plugin = site.instance->manifest().id};
    here->verify_failed = !is_act(site.operation.effect);
  }
  return halt(std::move(error));
}

void Executor::State::stand(StandingAct act) {
  Branch& mine = *here;
  if (stood.insert(act.call_id).second) return mine.standing.push_back(std::move(act));
  Branch* branch = &mine;
  do {
    auto& acts = branch->standing;
    const auto same = std::find_if(acts.begin(), acts.end(), [&](const StandingAct& other) {
      return other.call_id == act.call_id;
    });
    if (same != acts.end() && same->result) return;
    if (same != acts.end()) acts.erase(same);
    branch = branch->parent;
  } while (branch);
  mine.standing.push_back(std::move(act));
}

// --- a call of the runbook

Result<Value> Executor::State::execute(const PlannedCall& planned,
                                       std::shared_ptr<Instance> instance,
                                       const Operation& operation,
                                       std::vector<OpenedInput>* inputs) {
  auto args = resolve(planned.args);
  if (!args) return fail(halt(args.error()));
  done.insert(planned.id);
  const CallSite site{.id = planned.id,
                      .parent = "",
                      .shown = planned,
                      .instance = std::move(instance),
                      .operation = operation,
                      .planned_args = planned.args,
                      .args = std::move(*args)};
  StandingAct act = act_of(site);
  auto before = recall(site, act);
  if (!before) return fail(halt(before.error()));
  if (!before->answer) return make(site, std::move(act), *before, inputs);
  const PastCall* past = known.find(site.id);
  wait_for_record(past ? std::max(past->begun, past->ended) : UINT64_MAX);
  if (inputs) *inputs = before->inputs;
  return remember(site, std::move(act), std::move(*before));
}

void Executor::State::count_tried(const PlannedCall& planned, const StandingAct& act,
                                  bool left_something) {
  if (!planned.is_act() || act.staging) return;
  tried = true;
  touched = touched || left_something;
}

// Answers from the journal.
Result<Value> Executor::State::remember(const CallSite& site, StandingAct act, Recalled before) {
  const PlannedCall& planned = site.shown;
  const bool left = *before.answer || !leaves_nothing(before.answer->error(), act);
  const bool stands = planned.is_act() && !before.undone && left;
  count_tried(planned, act, left);
  if (!*before.answer) {
    if (stands) stand(std::move(act));
    return fail(call_failed(site, before.answer->error()));
  }
  const Value& result = **before.answer;
  const bool new_here = results.insert_or_assign(site.id, result).second;
  if (stands) stand(std::move(act));
  if (!new_here) return result;  // done in an earlier attempt, and told then
  request.audience.call_remembered(planned);
  const auto words = texts_from(result.at("words"));
  report.done.push_back({.step = planned.step,
                         .instance = planned.instance,
                         .operation = planned.operation,
                         .words = words.empty() ? planned.effects : words,
                         .before = true,
                         .undone = before.undone,
                         .act = planned.is_act()});
  return result;
}

Result<Value> Executor::State::make(const CallSite& site, StandingAct act, const Recalled& before,
                                    std::vector<OpenedInput>* inputs) {
  const PlannedCall& planned = site.shown;
  if (request.only_told) return fail(not_told("call " + site.id));
  if (const Error* stop = stopping()) return fail(*stop);  // while this one was looked at
  if (auto begun = begin(site, before.attempt); !begun) return fail(begun.error());
  const bool looks_again = inside(PartKind::kWaitUntil) && here->parts.back().round > 1;
  if (!looks_again) request.audience.call_began(planned);
  act.nested.clear();  // each comes again, from the journal or anew
  LiveCall call = live_call(site, act);
  call.attempt = before.attempt;
  call.checkpoint = before.checkpoint;
  call.audience = &request.audience;
  call.shown_as = &planned;
  const auto began = SteadyClock::now();
  const auto answered = call.run(site.args);
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - began).count();
  if (inputs) *inputs = answered.inputs;
  act.result = answered.result ? std::optional(*answered.result) : std::nullopt;
  const bool stands = answered.result || !leaves_nothing(answered.result.error(), act);
  count_tried(planned, act, stands);
  if (planned.is_act() && stands) stand(std::move(act));
  if (!answered.result) {
    const Error& error = answered.result.error();
    auto written = end(site, answered, seconds);
    if (!inside(PartKind::kWaitUntil)) request.audience.call_failed(planned, error);
    interrupted = interrupted || request.cancelled;
    if (!written) return fail(written.error());
    return fail(call_failed(site, error));
  }
  results[site.id] = *answered.result;
  if (auto written = end(site, answered, seconds); !written) return fail(written.error());
  request.audience.call_done(planned, *answered.result);
  auto words = texts_from(answered.result->at("words"));
  std::uint64_t bytes = 0;
  for (const OpenedInput& input : answered.inputs) bytes += input.passed.bytes;
  report.done.push_back({.step = planned.step,
                         .instance = planned.instance,
                         .operation = planned.operation,
                         .words = words.empty() ? planned.effects : words,
                         .seconds = seconds,
                         .bytes = bytes,
                         .act = planned.is_act()});
  // What comes from a plugin comes masked.
  const Secrets& secrets = request.instances.secrets();
  if (secrets.mask(planned.args) != planned.args)
    report.warnings.push_back(
        planned.instance + "." + planned.operation +
        ": an argument is the value of a secret in plain text, and stands so in the runbook and in "
        "the plan: take it out of there, and give that secret a new value");
  if (const auto broken = broken_prediction(secrets.mask(planned.predicted), *answered.result);
      !broken.empty()) {
    return fail(halt({.code = "plugin.broken_prediction",
                      .message = "plugin " + site.instance->manifest().id + " misbehaves: of " +
                                 planned.instance + "." + planned.operation + " " + broken,
                      .category = Category::kInternal,
                      .outcome = snapcore::Outcome::kHappened}));
  }
  return *answered.result;
}

// --- a call that a plugin makes through another instance

Result<Value> Executor::State::execute_nested(const PlannedCall& outer, StandingAct& parent,
                                              const Instance& caller, const NestedRequest& nested) {
  const auto target = resolve_nested(request.instances, caller, nested);
  if (!target) return fail(target.error());
  const CallSite site{.id = parent.call_id + "/" + std::string(nested.label),
                      .parent = parent.call_id,
                      .shown = outer,
                      .instance = target->instance,
                      .operation = *target->operation,
                      .planned_args = nested.args,
                      .args = nested.args};
  StandingAct act = act_of(site);
  LiveCall call = live_call(site, act);
  if (target->operation->effect == Effect::kRead) {
    call.on_nested = nested_reads(request.instances, *target->instance, &request.cancelled, here);
    pass_items(call, nested.output);
    return call.run_here(nested.args, {nested.output}, {nested.input}).result;
  }
  if (!is_announced(outer, nested)) {
    return fail(deviation("inside of call " + outer.id + "\n  approved plan: no call '" +
                          std::string(nested.label) +
                          "' like this\n  this run: " + std::string(nested.instance) + "." +
                          std::string(nested.operation) + " " + nested.args.dump()));
  }
  const bool acts = is_act(target->operation->effect);
  auto before = recall(site, act);
  if (!before) return fail(before.error());
  if (before->answer) {
    if (nested.input) {
      const TurnGiven given(here);
      read_to_the_end(*nested.input);
    }
    const auto& answer = *before->answer;
    if (acts && (answer || !leaves_nothing(answer.error(), act)))
      parent.nested.push_back(std::move(act));
    return answer;
  }
  if (auto begun = begin(site, before->attempt); !begun) return fail(begun.error());
  act.nested.clear();
  call.attempt = before->attempt;
  call.checkpoint = before->checkpoint;
  const auto answered = call.run_here(nested.args, {nested.output}, {nested.input});
  if (answered.result) act.result = *answered.result;
  const bool stands = answered.result || !leaves_nothing(answered.result.error(), act);
  if (acts && stands) parent.nested.push_back(std::move(act));
  if (auto written = end(site, answered, 0); !written) return fail(written.error());
  return answered.result;
}

}  // namespace snapcore
