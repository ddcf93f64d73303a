// What becomes of a call that the journal knows from before: it is answered from there, made again,
// or left to a person.
#include <algorithm>
#include <snapcore/support/digest.hpp>

#include "engine/executor_state.hpp"
#include "engine/in_doubt.hpp"

namespace snapcore {
namespace {

std::vector<OpenedInput> inputs_from(const Value& streams) {
  std::vector<OpenedInput> inputs;
  for (const Value& stream : streams.items()) {
    OpenedInput input{
        .artifact = Value::object({{"source", stream.at("source")}, {"ref", stream.at("ref")}}),
        .offset = 0,
        .passed = {}};
    input.passed.bytes = stream.at("bytes").uint_or(0);
    input.passed.sha256 = stream.at("sha256").text();
    input.passed.complete = stream.at("sha256").is_string();
    inputs.push_back(std::move(input));
  }
  return inputs;
}

}  // namespace

Error Executor::State::in_doubt(const CallSite& site, const std::string& why) {
  doubtful = true;
  const std::string which = "snapcore resolve " + request.run_id + " '" + site.id + "' --not-done";
  const PlannedCall* planned = site.parent.empty() ? &site.shown : nullptr;
  return halt({.code = "run.in_doubt",
               .message = "call " + site.id + ", " + site.instance->name() + "." +
                          site.operation.name +
                          ", was begun, and whether it happened is not known" +
                          (why.empty() ? "" : ": " + why),
               .hint = "look at " + site.instance->name() +
                       ", then say what you found, with one of these, and resume:\n" +
                       resolve_command(request.run_id, site.id, planned) + "\n" + which +
                       "\nsnapcore resume " + request.run_id,
               .category = Category::kConflict,
               .outcome = Outcome::kMayHaveHappened});
}

std::vector<StandingAct> Executor::State::nested_before(const std::string& id,
                                                        const PlannedCall& shown) {
  std::vector<StandingAct> acts;
  for (const PastCall* past : known.nested_in(id)) {
    auto act = standing_act(*past, shown, request.instances);
    if (!act) continue;  // its instance is gone: what needs it says so
    act->nested = nested_before(past->id, shown);
    if (leaves_something(*past)) acts.push_back(std::move(*act));
  }
  return acts;
}

Result<Executor::State::Recalled> Executor::State::recall(const CallSite& site, StandingAct& act) {
  const PastCall* past = known.find(site.id);
  const OpenPart* told = telling_again();
  if (!past) return told ? tell_again(*told, nullptr) : Recalled{};
  if (past->instance != site.instance->name() || past->operation != site.operation.name ||
      past->args_digest != sha256_hex(site.planned_args.dump())) {
    return fail(deviation(
        "call " + site.id + " is not what it was before\n  journal: " + past->instance + "." +
        past->operation + " " + past->args.dump() + "\n  this run: " + site.instance->name() + "." +
        site.operation.name + " " + site.planned_args.dump()));
  }
  if (past->undone && !told) {
    remade = remade || past->is_act;
    return Recalled{.attempt = past->attempt + 1};
  }
  act.undo = past->undo;
  act.nested = nested_before(site.id, site.shown);
  act.result = past->result;
  if (told) return tell_again(*told, past);
  if (past->half_undone() || nested_taken_back(*past)) return finish_undoing(site, *past, act);
  if (const PastCall* activation = activation_taken_back(site))
    return stage_anew(site, *past, *activation, act);
  // An act that was done is done. What a verify found, or a call failed with, is of its round, and
  // of what stood then.
  const bool of_this_round = past->begun > round_seq() && (past->is_act || !remade);
  if (past->result && (past->is_act || of_this_round))
    return Recalled{.answer = *past->result, .inputs = inputs_from(past->streams)};
  // Who is only told of it stands behind it.
  if (past->error && of_this_round && request.history &&
      (request.only_told || request.history->went_on_behind(site.id, past->ended)))
    return Recalled{.answer = fail(*past->error)};
  return settle(site, *past, act);
}

// Whoever was taking it back was cut off in the middle. That is brought to its end, and the act is
// made again.
Result<Executor::State::Recalled> Executor::State::finish_undoing(const CallSite& site,
                                                                  const PastCall& past,
                                                                  StandingAct& act) {
  if (request.only_told) return fail(not_told("call " + site.id));
  if (auto undone = undo(undo_scene(), act); !undone)
    return fail(in_doubt(site, "it was being taken back; " + undone.error().message));
  remade = true;
  act.undo.reset();
  act.result.reset();
  act.nested.clear();
  return Recalled{.attempt = past.attempt + 1};
}

bool Executor::State::nested_taken_back(const PastCall& past) const {
  const auto inner = known.nested_in(past.id);
  return std::any_of(inner.begin(), inner.end(), [&](const PastCall* call) {
    const bool of_this_attempt = call->begun > past.begun;
    return of_this_attempt && (call->undone || call->half_undone() || nested_taken_back(*call));
  });
}

const PastCall* Executor::State::activation_taken_back(const CallSite& stage) const {
  if (!is_staging(*stage.instance, stage.operation)) return nullptr;
  const PastCall* activation = activation_of(known, stage.id);
  const bool gone = activation && (activation->undone || activation->half_undone());
  return gone ? activation : nullptr;
}

// What was staged went live and was taken away again: there is nothing that could be activated.
Result<Executor::State::Recalled> Executor::State::stage_anew(const CallSite& site,
                                                              const PastCall& past,
                                                              const PastCall& activation,
                                                              StandingAct& act) {
  if (activation.half_undone()) {
    auto half = standing_act(request.instances, index, known, activation);
    if (!half) return fail(halt(half.error()));
    if (auto undone = undo(undo_scene(), *half); !undone)
      return fail(in_doubt(site, "what it staged was being taken back; " + undone.error().message));
  }
  return finish_undoing(site, past, act);
}

Result<Executor::State::Recalled> Executor::State::tell_again(const OpenPart& part,
                                                              const PastCall* past) {
  if (past && past->result)
    return Recalled{
        .answer = *past->result, .inputs = inputs_from(past->streams), .undone = past->undone};
  if (past && past->error) return Recalled{.answer = fail(*past->error), .undone = past->undone};
  // It failed before this call was begun, in a look that leaves no record of its own.
  return Recalled{.answer = fail(past_of(part)->error.value_or(Error{})), .undone = true};
}

// By what the manifest says of repeating the operation. What changes nothing is simply done again.
Result<Executor::State::Recalled> Executor::State::settle(const CallSite& site,
                                                          const PastCall& past, StandingAct& act) {
  if (request.only_told) return fail(not_told("call " + site.id));
  Recalled again{.attempt = past.attempt + 1, .checkpoint = past.checkpoint};
  const bool never_began =
      past.error && past.error->outcome == Outcome::kNothingHappened && !past.undo;
  if (!is_act(site.operation.effect) || never_began || past.resolved_as_done.has_value())
    return again;
  switch (site.operation.repeat) {
    case Repeat::kSafe:
    case Repeat::kKeyed:
    case Repeat::kComposed: return again;
    case Repeat::kProbe: return ask_plugin(site, past, act);
    case Repeat::kUnrepeatable: break;
  }
  return fail(in_doubt(site, past.error ? past.error->message : "it must not be done twice"));
}

Result<Executor::State::Recalled> Executor::State::ask_plugin(const CallSite& site,
                                                              const PastCall& past,
                                                              StandingAct& act) {
  LiveCall probe = live_call(site, act);
  probe.entry = Entry::kProbe;
  probe.attempt = past.attempt;
  probe.checkpoint = past.checkpoint;
  probe.audience = &request.audience;  // what it waits for is told
  probe.on_checkpoint = {};
  probe.on_undo = {};
  probe.on_nested = nested_reads(request.instances, *site.instance, &request.cancelled, here);
  const auto answered = probe.run(site.args);
  if (!answered.result) return fail(in_doubt(site, answered.result.error().message));
  const std::string state = answered.result->at("state").text();
  const std::string detail = answered.result->at("detail").text();
  Recalled again{.attempt = past.attempt + 1, .checkpoint = past.checkpoint};
  if (state == "done") {
    act.result = answered.result->at("result");
    auto written =
        record(record::kResult,
               Value::object({{"call", site.id}, {"result", *act.result}, {"found_by", "probe"}}));
    if (!written) return fail(written.error());
    return Recalled{.answer = *act.result};
  }
  if (state == "not_started") return again;
  if (state == "partial" && !past.checkpoint.is_null()) return again;
  if (state == "partial" && act.undo && site.operation.undo.kind == UndoRule::Kind::kCompensate) {
    if (auto undone = undo(undo_scene(), act); !undone)
      return fail(in_doubt(site, "it is half done, and " + undone.error().message));
    act.undo.reset();
    return again;
  }
  return fail(in_doubt(site, detail));
}

}  // namespace snapcore
