#include "engine/way_back.hpp"

#include <algorithm>
#include <map>
#include <snapcore/support/digest.hpp>

#include "engine/call_records.hpp"
#include "engine/later.hpp"
#include "engine/nested.hpp"
#include "engine/scopes.hpp"

namespace snapcore {
namespace {

Result<> append(const UndoScene& scene, std::string_view type, const Value& body) {
  auto written = scene.journal.append(type, scene.instances.secrets().mask(body));
  return written ? Result<>() : fail(written.error());
}

// Of this registration: taken back, resumed and taken back once more, it is another call.
std::string key_of(const UndoScene& scene, const PlannedCall& call, std::uint64_t registered) {
  return sha256_hex(scene.run_id + " way back " + std::to_string(registered) + " " + call.id);
}

LiveCall::Answered run(const UndoScene& scene, const PlannedCall& call, Instance& instance,
                       const Operation& operation, const std::string& key, int attempt,
                       const Value& args) {
  LiveCall live{.instances = scene.instances,
                .instance = instance,
                .operation = operation,
                .run_id = scene.run_id,
                .call_id = call.id,
                .key = key,
                .started = scene.started,
                .attempt = attempt,
                .audience = &scene.audience,
                .shown_as = &call,
                .scratch_root = scene.scratch_root,
                .turn = scene.turn};
  live.on_nested = nested_reads(scene.instances, instance, nullptr, scene.turn);
  if (call.is_act()) {
    live.on_checkpoint = [&](Value position) {
      return append(scene, record::kCheckpoint,
                    Value::object({{"call", call.id}, {"position", std::move(position)}}));
    };
    live.on_undo = [&](Value undo) {
      return append(scene, record::kUndoRecorded,
                    Value::object({{"call", call.id}, {"undo", std::move(undo)}}));
    };
  }
  return live.run(args);
}

Result<std::vector<std::string>> make(const UndoScene& scene, const PlannedCall& call,
                                      std::uint64_t registered) {
  const PastCall* past = scene.history.find(call.id);
  const bool begun = past && past->begun > registered;
  if (begun && past->result) return std::vector<std::string>();
  if (!call.condition.is_null()) {
    const auto holds = with_results(scene.history, call.condition);
    if (!holds) return fail(holds.error());
    if (holds->is_null() || !holds->bool_or(true)) return std::vector<std::string>();
  }
  const auto entry = past_operation(scene.instances, call.instance, call.operation);
  if (!entry) return fail(entry.error());
  const auto& [instance, operation] = *entry;
  if (call.is_act() && scene.may_act) {
    if (auto may = scene.may_act(call); !may) return fail(may.error());
  }
  auto args = with_results(scene.history, call.args);
  if (!args) return fail(args.error());
  const int attempt = begun ? past->attempt + 1 : 1;
  const std::string key = key_of(scene, call, registered);
  auto intended = append(scene, record::kIntent,
                         intent_body({.call = call.id,
                                      .instance = *instance,
                                      .operation = *operation,
                                      .args = call.args,
                                      .key = key,
                                      .attempt = attempt}));
  if (!intended) return fail(intended.error());
  scene.audience.call_began(call);
  const auto answered = run(scene, call, *instance, *operation, key, attempt, *args);
  auto written = append(scene, record_type(answered), answer_body(call.id, answered, 0));
  if (!answered.result) {
    scene.audience.call_failed(call, answered.result.error());
    return fail(answered.result.error());
  }
  if (!written) return fail(written.error());
  scene.audience.call_done(call, *answered.result);
  auto words = texts_from(answered.result->at("words"));
  if (words.empty() && call.is_act()) return call.effects;
  return words;
}

}  // namespace

Result<Value> with_results(const History& history, const Value& args) {
  std::map<std::string, Value, std::less<>> given;
  return resolve_later(args, [&](std::string_view id) -> const Value* {
    auto result = history.result_of(id);
    if (!result) return nullptr;
    return &given.insert_or_assign(std::string(id), std::move(*result)).first->second;
  });
}

Result<> check_on_the_way_back(const PlannedCall& call, const Operation& operation) {
  const bool repeats = operation.repeat == Repeat::kSafe || operation.repeat == Repeat::kKeyed;
  if (!call.is_act() || (repeats && call.nested.empty())) return {};
  return fail({.code = "runbook.act_in_on_rollback",
               .message = to_text(call.line) + ": " + call.instance + "." + call.operation +
                          " cannot stand in on_rollback: made again after it was cut off, it "
                          "might happen twice",
               .hint = "on_rollback holds verifies, and acts that are safe to repeat"});
}

StandingAct added_to_the_way_back(const PlannedPart& part) {
  // With a result: it is whole, and nothing of it is half done.
  return {.call_id = part.id, .result = Value(), .added = &part};
}

bool holds_acts(const Plan& plan, const PlannedPart& part) {
  const auto calls = plan.calls();
  return std::any_of(calls.begin(), calls.end(), [&](const PlannedCall* call) {
    return call->is_act() && stands_in(call->id, part.id);
  });
}

Result<std::vector<std::string>> make_added(const UndoScene& scene, const PlannedPart& part) {
  const PastPart* past = scene.history.part(part.id);
  const std::uint64_t registered = past ? past->seq : 0;
  for (const std::string& note : part.notes) scene.audience.note(note, part.line);
  std::vector<std::string> words;
  for (const PlannedCall* call : scene.plan.calls()) {
    if (!stands_in(call->id, part.id)) continue;
    auto made = make(scene, *call, registered);
    if (!made) return made;
    words.insert(words.end(), made->begin(), made->end());
  }
  auto taken =
      append(scene, record::kPart, Value::object({{"part", part.id}, {"state", "taken_back"}}));
  if (!taken) return fail(taken.error());
  return words;
}

}  // namespace snapcore
