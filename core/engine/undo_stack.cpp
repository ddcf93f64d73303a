#include "engine/undo_stack.hpp"

#include <snapcore/support/digest.hpp>

#include "engine/nested.hpp"
#include "engine/way_back.hpp"

namespace snapcore {
namespace {

Result<> append(Journal& journal, std::string_view type, Value body) {
  auto written = journal.append(type, std::move(body));
  if (!written) return fail(written.error());
  return {};
}

Error no_way_back(const StandingAct& act) {
  return {.code = "run.no_undo",
          .message = act.instance->name() + "." + act.operation->name + " cannot be taken back" +
                     (act.operation->undo.reason.empty() ? "" : ": " + act.operation->undo.reason),
          .outcome = Outcome::kHappened};
}

Result<Value> run_way_back(const UndoScene& scene, const StandingAct& act) {
  const bool discards = act.staging && act.result;
  if (!discards && act.operation->undo.kind != UndoRule::Kind::kCompensate)
    return fail(no_way_back(act));
  LiveCall call{.instances = scene.instances,
                .instance = *act.instance,
                .operation = discards ? *act.instance->manifest().find("discard") : *act.operation,
                .entry = discards ? Entry::kExecute : Entry::kCompensate,
                .run_id = scene.run_id,
                .call_id = act.call_id,
                .key = sha256_hex(scene.run_id + " undo " + act.call_id),
                .started = scene.started,
                .audience = &scene.audience,
                .shown_as = act.planned,
                .scratch_root = scene.scratch_root,
                .turn = scene.turn};
  call.on_nested = nested_on_the_way_back(call);
  if (discards) return call.run(Value::object({{"staged", act.result->at("handle")}})).result;
  return call
      .run(Value::object({{"args", act.args},
                          {"result", act.result ? *act.result : Value()},
                          {"undo", act.undo ? *act.undo : Value()}}))
      .result;
}

std::string_view exit_words(Ending ending) {
  switch (ending) {
    case Ending::kDone: return "done";
    case Ending::kDoneWithWarnings: return "done with warnings";
    case Ending::kFailedUntouched: return "failed, nothing live was touched";
    case Ending::kUndone: return "failed and undone";
    case Ending::kInterrupted: return "interrupted";
    case Ending::kNeedsPerson: break;
  }
  return "needs a person";
}

}  // namespace

bool is_staging(const Instance& instance, const Operation& operation) {
  return operation.name == "stage" && instance.manifest().has_role(Role::kTarget);
}

Result<PastOperation> past_operation(Instances& instances, const std::string& instance,
                                     const std::string& operation) {
  auto opened = instances.open(instance);
  if (!opened) return fail(opened.error());
  if (const Operation* found = (*opened)->manifest().find(operation))
    return PastOperation{*opened, found};
  return fail(
      {.code = "plugin.unknown_operation",
       .message = "the plugin of '" + instance + "' has no operation '" + operation + "' any more",
       .hint = "install the version of the plugin that the run was started with"});
}

Result<StandingAct> standing_act(const PastCall& past, const PlannedCall& shown,
                                 Instances& instances) {
  auto found = past_operation(instances, past.instance, past.operation);
  if (!found) return fail(found.error());
  return StandingAct{.planned = &shown,
                     .instance = found->instance,
                     .operation = found->operation,
                     .call_id = past.id,
                     .args = past.args,
                     .result = past.result,
                     .undo = past.undo,
                     .staging = is_staging(*found->instance, *found->operation)};
}

const PastCall* activation_of(const History& history, std::string_view stage) {
  return history.find(std::string(stage.substr(0, stage.rfind('.'))) + ".activate");
}

bool leaves_something(const PastCall& past) {
  if (!past.is_act || past.undone || is_on_the_way_back(past.id)) return false;
  return !past.error || past.error->outcome != Outcome::kNothingHappened || past.undo.has_value();
}

Result<std::vector<std::string>> undo(const UndoScene& scene, const StandingAct& act, bool* begun) {
  if (act.operation->undo.kind == UndoRule::Kind::kNested) {
    std::vector<std::string> words;
    for (auto child = act.nested.rbegin(); child != act.nested.rend(); ++child) {
      auto undone = undo(scene, *child, begun);
      if (!undone) return undone;
      words.insert(words.end(), undone->begin(), undone->end());
    }
    // So that a run that goes on makes the call that holds them again, too.
    auto written = append(scene.journal, record::kUndoResult,
                          Value::object({{"call", act.call_id}, {"result", Value::object()}}));
    if (!written) return fail(written.error());
    return words;
  }
  const Value body = Value::object({{"call", act.call_id},
                                    {"instance", act.instance->name()},
                                    {"operation", act.operation->name},
                                    {"undo", act.undo ? *act.undo : Value()}});
  auto recorded = append(scene.journal, record::kUndoIntent, body);
  // What was only staged can go without a record: a journal on a full disk is no reason to leave
  // it.
  if (!recorded && !act.staging) return fail(recorded.error());
  if (begun) *begun = true;
  auto result = run_way_back(scene, act);
  Value outcome = Value::object({{"call", act.call_id}});
  if (result) {
    outcome["result"] = *result;
  } else {
    outcome["error"] = to_value(result.error());
  }
  auto written = append(scene.journal, record::kUndoResult, std::move(outcome));
  if (!result) return fail(result.error());
  if (!written && !act.staging) return fail(written.error());
  auto words = texts_from(result->at("words"));
  if (words.empty() && act.staging)
    words.push_back("removed what was staged for " + act.instance->name());
  return words;
}

Standing describe(const StandingAct& act) {
  Standing standing;
  standing.call = act.call_id;
  standing.instance = act.instance->name();
  standing.operation = act.operation->name;
  if (act.result) standing.words = texts_from(act.result->at("words"));
  if (standing.words.empty() && act.planned) standing.words = act.planned->effects;
  if (act.undo) standing.shell = texts_from(act.undo->at("shell"));
  if (act.result) standing.kept = act.result->at("kept");
  standing.half_undone = act.half_undone;
  return standing;
}

bool undo_last(const UndoScene& scene, std::vector<StandingAct>& standing, RunReport& report) {
  StandingAct& act = standing.back();
  if (act.added) {
    auto made = make_added(scene, *act.added);
    if (!made) {
      report.rollback_error = made.error();
      return false;
    }
    for (std::string& words : *made) {
      report.made.push_back(report.undone.size());
      report.undone.push_back(std::move(words));
    }
    standing.pop_back();
    return true;
  }
  if (auto may = scene.may_act ? scene.may_act(*act.planned) : Result<>(); !may) {
    report.rollback_error = may.error();
    return false;
  }
  scene.audience.undo_began(*act.planned);
  bool begun = false;
  auto undone = undo(scene, act, &begun);
  if (!undone) {
    scene.audience.undo_failed(*act.planned, undone.error());
    report.rollback_error = undone.error();
    act.half_undone = act.half_undone || begun;
    return false;
  }
  scene.audience.undo_done(*act.planned);
  report.undone.insert(report.undone.end(), undone->begin(), undone->end());
  standing.pop_back();
  return true;
}

void conclude(RunReport& report, const std::vector<StandingAct>& standing, Journal& journal,
              Value end) {
  for (auto act = standing.rbegin(); act != standing.rend(); ++act) {
    if (!act->staging && !act->added) report.standing.push_back(describe(*act));
  }
  Value body = std::move(end);
  if (body.is_null())
    body = Value::object(
        {{"ending", exit_words(report.ending)}, {"exit", static_cast<int>(report.ending)}});
  if (report.error) body["error"] = to_value(*report.error);
  if (report.rollback_error) body["rollback_error"] = to_value(*report.rollback_error);
  auto written = journal.append(record::kEnd, std::move(body));
  if (written) return;
  report.warnings.push_back("the journal's last record could not be written: " +
                            written.error().message);
}

}  // namespace snapcore
