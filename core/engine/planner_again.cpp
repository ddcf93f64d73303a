// The plan of a run that is made again: what the run did is done. It is not asked for anew, since
// its systems are no longer what they were before it.
#include <snapcore/support/digest.hpp>

#include "engine/history.hpp"
#include "engine/planner_state.hpp"
#include "engine/undo_stack.hpp"

namespace snapcore {
namespace {

// What the plugin answered when the call was planned first.
Value plan_answer(const PlannedCall& call) {
  Value::Array nested, space;
  for (const NestedCall& one : call.nested) {
    nested.push_back(Value::object({{"label", one.label},
                                    {"instance", one.instance},
                                    {"operation", one.operation},
                                    {"args", one.args}}));
  }
  for (const SpaceNeed& need : call.space) {
    Value item = Value::object({{"where", need.where}, {"needed", need.needed}});
    if (need.free != UINT64_MAX) item["free"] = need.free;
    space.push_back(std::move(item));
  }
  return Value::object(
      {{"predicted", call.predicted},
       {"effects", texts_of(call.effects)},
       {"keeps", texts_of(call.keeps)},
       {"resources", texts_of(call.resources)},
       {"shell", texts_of(call.shell)},
       {"undo", Value::object({{"words", texts_of(call.undo_words)}})},
       {"cost", Value::object({{"bytes", call.bytes}, {"space", std::move(space)}})},
       {"calls", std::move(nested)}});
}

// A verify that held, an act that may have happened. What was taken back is to be done anew.
bool is_begun(const PastCall& past) {
  return past.is_act ? leaves_something(past) : past.result.has_value();
}

Error done_differs(const std::string& what, const std::string& before, const std::string& now) {
  return {.code = "run.done_differs",
          .message = "what this run did already is not what the runbook would do now: " + what +
                     "\n  done: " + before + "\n  now: " + now,
          .hint = "take the run back, and start it anew",
          .category = Category::kConflict};
}

std::string name_of(const PastCall& past) {
  return past.instance + "." + past.operation + " " + past.args.dump();
}

}  // namespace

std::optional<Result<Value>> Planner::State::planned_before(const PlannedCall& call) {
  const PastCall* past = request.past ? request.past->find(call.id) : nullptr;
  if (!past || !is_begun(*past)) return std::nullopt;
  if (past->instance != call.instance || past->operation != call.operation ||
      past->args_digest != sha256_hex(call.args.dump())) {
    stop = done_differs("call " + call.id, name_of(*past),
                        call.instance + "." + call.operation + " " + call.args.dump());
    return fail(*stop);
  }
  const PlannedCall* planned = made_before.call(call.id);
  if (!planned) return std::nullopt;
  return plan_answer(*planned);
}

bool Planner::State::is_done(const std::string& call) const {
  const PastCall* past = request.past ? request.past->find(call) : nullptr;
  return past && past->is_act && past->result && !past->undone && !past->half_undone();
}

std::optional<Value> Planner::State::answered_before(const std::string& id, std::string_view what) {
  const auto dot = id.rfind('.');
  const PlannedRestore* restore =
      dot == std::string::npos ? nullptr : restored_before(std::string_view(id).substr(0, dot));
  if (restore && id.ends_with(".examine") && restore->examined) return restore->examination;
  if (restore && id.ends_with(".inspect")) {
    auto evidence = restore->evidence;
    const auto of_the_artifact = restore->examination.at("evidence").items().size();
    if (restore->examined && of_the_artifact <= evidence.size())
      evidence.resize(evidence.size() - of_the_artifact);
    Value answer = Value::object({{"healthy", restore->healthy_before},
                                  {"readable", restore->readable_before},
                                  {"keeps", restore->keeps},
                                  {"identity", restore->target_identity},
                                  {"evidence", texts_of(evidence)}});
    const PlannedCall* stage = made_before.call(restore->id + ".stage");
    if (stage && stage->args.has("replaces")) answer["replaces"] = stage->args.at("replaces");
    return answer;
  }
  // Once the run went on behind an answer, it answers that again.
  const PastRead* read = request.past ? request.past->read(id) : nullptr;
  if (!read || read->what != what || read->error || !request.past->went_on_behind(id, read->seq))
    return std::nullopt;
  return read->value;
}

// What was chosen stays chosen, while it is there as it was.
std::optional<Value> Planner::State::chosen_before(const std::string& id, std::string_view instance,
                                                   std::string_view operation, const Value& args) {
  if (!request.past) return std::nullopt;
  const Choice* choice = made_before.choice(id);
  if (!choice || choice->instance != instance || choice->operation != operation ||
      choice->args != args || choice->error)
    return std::nullopt;
  const Value& ref = choice->answer.at("ref");
  if (!ref.is_string()) return choice->answer;
  for (const PlannedRestore& restore : request.like->restores) {
    if (restored_before(restore.id) && restore.artifact.at("source").text() == instance &&
        restore.artifact.at("ref") == ref)
      return choice->answer;
  }
  const auto now = reads().stat(instance, ref.text());
  if (!now || identity_of_bytes(*now) != identity_of_bytes(choice->answer)) return std::nullopt;
  return choice->answer;
}

const PlannedRestore* Planner::State::restored_before(std::string_view id) const {
  if (!request.past) return nullptr;
  for (const PlannedRestore& restore : request.like->restores) {
    if (restore.id != id) continue;
    for (const char* verb : {".stage", ".activate"}) {
      const PastCall* past = request.past->find(restore.id + verb);
      if (past && is_begun(*past)) return &restore;
    }
  }
  return nullptr;
}

Result<> check_holds_what_was_done(const Plan& plan, const History& past) {
  const PlanIndex index(plan);
  for (const PastCall& call : past.calls()) {
    if (!call.parent.empty() || !leaves_something(call)) continue;
    const PlannedCall* planned = index.call(call.id);
    if (planned && planned->instance == call.instance && planned->operation == call.operation)
      continue;
    return fail(done_differs("call " + call.id, name_of(call), "no such call"));
  }
  return {};
}

}  // namespace snapcore
