#include "engine/rollback.hpp"

#include <snapcore/support/digest.hpp>

#include "engine/by_hand.hpp"
#include "engine/nested.hpp"
#include "engine/undo_stack.hpp"
#include "engine/way_back.hpp"

namespace snapcore {
namespace {

Error stopped() {
  return {.code = "run.interrupted",
          .message = "stopped by the operator, between two acts",
          .category = Category::kTransient};
}

void undo_all(const PastRun& run, History& known, std::vector<StandingAct>& acts,
              RunReport& report) {
  ToldJournal journal(run.journal, known);
  const UndoScene scene{.instances = run.instances,
                        .journal = journal,
                        .audience = run.audience,
                        .run_id = run.run_id,
                        .started = run.history.started(),
                        .scratch_root = run.scratch_root,
                        .plan = run.plan,
                        .history = known,
                        .may_act = run.may_act};
  while (!acts.empty()) {
    if (run.cancelled) {
      report.rollback_error = stopped();
      return;
    }
    if (!undo_last(scene, acts, report)) return;
  }
}

Ending ending_of(const RunReport& report, bool touched) {
  if (report.rollback_error) {
    return report.rollback_error->code == "run.interrupted" ? Ending::kInterrupted
                                                            : Ending::kNeedsPerson;
  }
  return touched ? Ending::kUndone : Ending::kFailedUntouched;
}

// What is left to let go of an act, as the call that does it; nothing when there is nothing.
struct Leftover {
  const Operation* operation = nullptr;
  Value args = {};
  std::string words = {};
};

std::optional<Leftover> leftover_of(const StandingAct& act, bool activated) {
  if (act.added || !act.result) return std::nullopt;
  const Manifest& manifest = act.instance->manifest();
  const Value& kept = act.result->at("kept");
  if (!kept.is_null() && manifest.find("release")) {
    return Leftover{manifest.find("release"), Value::object({{"kept", kept}}),
                    "released what " + act.instance->name() + " kept"};
  }
  if (act.staging && !activated && manifest.find("discard")) {
    return Leftover{manifest.find("discard"), Value::object({{"staged", act.result->at("handle")}}),
                    "removed what was staged for " + act.instance->name()};
  }
  return std::nullopt;
}

// The verb after `stage` of the same restore was made.
bool is_activated(const History& history, const StandingAct& stage) {
  const PastCall* activate = activation_of(history, stage.call_id);
  return activate && activate->result && !activate->undone;
}

Result<> let_go(const PastRun& run, const StandingAct& act, const Leftover& leftover) {
  run.audience.note(leftover.words, {});
  LiveCall call{.instances = run.instances,
                .instance = *act.instance,
                .operation = *leftover.operation,
                .run_id = run.run_id,
                .call_id = act.call_id,
                .key = sha256_hex(run.run_id + " accept " + act.call_id),
                .started = run.history.started(),
                .audience = &run.audience,
                .shown_as = act.planned,
                .cancelled = &run.cancelled,
                .scratch_root = run.scratch_root};
  call.on_nested = nested_on_the_way_back(call);
  auto answered = call.run(leftover.args);
  if (!answered.result) return fail(answered.result.error());
  auto written = run.journal.append(
      record::kNote, Value::object({{"call", act.call_id}, {"text", leftover.words}}));
  return written ? Result<>() : fail(written.error());
}

Value end_body(std::string_view words, Ending ending) {
  return Value::object({{"ending", words}, {"exit", static_cast<int>(ending)}});
}

}  // namespace

// A run that was cut off has no outcome, and is gone on with or taken back no more.
Value outcome_of(const History& history) {
  Value body = history.outcome();
  if (body.is_null()) body = end_body("cut off before it ended", Ending::kInterrupted);
  body.erase("rollback_error");  // of an acceptance before this one
  return body;
}

RunReport accept(const PastRun& run) {
  RunReport report;
  auto acts = standing_acts(run.instances, run.plan, run.history);
  if (!acts) report.rollback_error = acts.error();
  if (acts && !run.history.accepted()) {
    auto noted = run.journal.append(record::kAccept, Value::object({{"who", run.who}}));
    if (!noted) report.rollback_error = noted.error();
  }
  while (acts && !report.rollback_error && !acts->empty()) {
    const StandingAct& act = acts->back();
    if (const auto leftover = leftover_of(act, is_activated(run.history, act))) {
      auto gone = run.may_act ? run.may_act(*act.planned) : Result<>();
      if (gone) gone = let_go(run, act, *leftover);
      if (!gone) {
        report.rollback_error = gone.error();
        break;
      }
      report.undone.push_back(leftover->words);
    }
    acts->pop_back();
  }
  report.ending = report.rollback_error ? Ending::kNeedsPerson : Ending::kDone;
  conclude(report, acts ? *acts : std::vector<StandingAct>(), run.journal, outcome_of(run.history));
  return report;
}

RunReport roll_back(const PastRun& run) {
  RunReport report;
  auto acts = standing_acts(run.instances, run.plan, run.history);
  bool touched = false;
  History known = run.history;
  if (acts) {
    for (const StandingAct& act : *acts) {
      touched = touched || (act.added ? holds_acts(run.plan, *act.added) : !act.staging);
    }
    undo_all(run, known, *acts, report);
  } else {
    report.rollback_error = acts.error();
    acts = std::vector<StandingAct>();
  }
  report.ending = ending_of(report, touched);
  report.way_back = way_back_of(run.plan, known);
  conclude(report, *acts, run.journal,
           report.rollback_error ? Value() : end_body("undone, as asked for", report.ending));
  return report;
}

}  // namespace snapcore
