#include "engine/executor.hpp"

#include <algorithm>
#include <snapcore/support/digest.hpp>

#include "engine/by_hand.hpp"
#include "engine/core_operations.hpp"
#include "engine/executor_state.hpp"
#include "engine/later.hpp"
#include "engine/views.hpp"
#include "engine/way_back.hpp"
#include "plugin/schema.hpp"

namespace snapcore {
namespace {

std::string shown(const PlannedCall* call) {
  return call ? call->instance + "." + call->operation + " " + call->args.dump() : "no call";
}

// The arguments that differ, one line each.
std::string argument_differences(const Value& approved, const Value& now) {
  std::string text;
  const auto differ = [&](const std::string& name) {
    const auto word = [&](const Value& args) {
      return args.has(name) ? args.at(name).dump() : std::string("absent");
    };
    if (approved.at(name) == now.at(name) && approved.has(name) == now.has(name)) return;
    text += "\n  " + name + ": approved plan " + word(approved) + ", this run " + word(now);
  };
  for (const auto& [name, value] : approved.members()) differ(name);
  for (const auto& [name, value] : now.members()) {
    if (!approved.has(name)) differ(name);
  }
  return text;
}

}  // namespace

Executor::State::State(ExecuteRequest wanted)
    : request(std::move(wanted)),
      started(!request.started.empty() ? request.started
              : request.history        ? request.history->started()
                                       : to_rfc3339(request.clock.now())),
      known(request.history ? *request.history : History()),
      journal(request.journal, known) {
  turns.take();
}

Error Executor::State::halt(Error error) {
  if (!here->stop) here->stop = std::move(error);
  if (ends_all() && !stopped_for_good) stopped_for_good = here->stop;
  return *here->stop;
}

Error Executor::State::deviation(std::string message) {
  deviated = true;
  return halt({.code = "run.deviation",
               .message = std::move(message),
               .hint = "the run was stopped before the call that was not approved",
               .category = Category::kConflict});
}

Result<> Executor::State::record(std::string_view type, const Value& body) {
  auto written = journal.append(type, request.instances.secrets().mask(body));
  if (written) return {};
  over = true;
  return fail(halt(written.error()));
}

std::string Executor::State::idempotency_key(std::string_view call_id) const {
  return sha256_hex(request.run_id + " " + std::string(call_id));
}

Result<Value> Executor::State::resolve(const Value& args) const {
  return resolve_later(args, [this](std::string_view call) -> const Value* {
    const auto found = results.find(std::string(call));
    return found == results.end() ? nullptr : &found->second;
  });
}

Result<const PlannedCall*> Executor::State::match(const std::string& id, std::string_view instance,
                                                  std::string_view operation, const Value& args) {
  const PlannedCall* planned = index.call(id);
  const std::string now = std::string(instance) + "." + std::string(operation);
  if (!planned) {
    return fail(deviation("call " + id +
                          " is not in the approved plan\n  approved plan: no call\n  this run: " +
                          now + " " + args.dump()));
  }
  if (planned->instance != instance || planned->operation != operation) {
    return fail(deviation("call " + id + " is another one\n  approved plan: " + shown(planned) +
                          "\n  this run: " + now + " " + args.dump()));
  }
  if (planned->args != args) {
    return fail(deviation("call " + id + ", " + now + ", has other arguments" +
                          argument_differences(planned->args, args)));
  }
  return planned;
}

Result<Value> Executor::State::recorded_read(Instance& instance, const Operation& operation,
                                             Value args) {
  const std::string id = here->scopes.next_read().made;
  const std::string what = instance.name() + "." + operation.name;
  // A phase that was planned anew meanwhile took out what it had been told before.
  const PastRead* past = request.history && known.read(id) ? request.history->read(id) : nullptr;
  if (past && past->what != what) {
    return fail(deviation("read " + id + " is not what it was before\n  journal: " + past->what +
                          "\n  this run: " + what));
  }
  const bool answers = past && (!past->error || request.history->went_on_behind(id, past->seq));
  if (answers) wait_for_record(past->seq);
  if (answers) return past->error ? Result<Value>(fail(*past->error)) : past->value;
  auto value = read(instance, operation, std::move(args));
  Value body = Value::object({{"id", id}, {"what", what}});
  if (value) {
    body["value"] = *value;
  } else {
    body["error"] = to_value(value.error());
  }
  auto written = journal.append_later(record::kValue, request.instances.secrets().mask(body));
  if (!written) return fail(halt(written.error()));
  return value;
}

Error Executor::State::not_told(const std::string& what) {
  return deviation(what + " is made by the runbook now, and was not when it came this way before");
}

Result<Value> Executor::State::read(Instance& instance, const Operation& operation, Value args) {
  if (request.only_told) return fail(not_told(instance.name() + "." + operation.name));
  auto resolved = resolve(canonical_args(operation.args, std::move(args)));
  if (!resolved) return resolved;
  LiveCall call{.instances = request.instances,
                .instance = instance,
                .operation = operation,
                .run_id = request.run_id,
                .started = started,
                .audience = &request.audience,
                .cancelled = &request.cancelled,
                .scratch_root = request.scratch_root,
                .turn = here};
  Value::Array emitted;
  if (!operation.item.is_null()) {
    call.on_emit = [&](Value item) -> Result<> {
      emitted.push_back(std::move(item));
      return {};
    };
  }
  call.on_nested = nested_reads(request.instances, instance, &request.cancelled, here);
  auto answered = call.run(*resolved);
  if (answered.result && !operation.item.is_null()) return Value(std::move(emitted));
  return answered.result;
}

Result<Answer> Executor::State::choice(std::string_view instance, std::string_view operation,
                                       const Value& args, const Value& schema) {
  const std::string id = here->scopes.next_read().planned;
  const Choice* choice = index.choice(id);
  const bool approved = choice && choice->instance == instance && choice->operation == operation &&
                        choice->args == args;
  if (!approved) {
    return fail(deviation("read " + id + ", " + std::string(instance) + "." +
                          std::string(operation) + " " + args.dump() +
                          ", is not what was chosen while planning"));
  }
  if (choice->error) return fail(*choice->error);
  return Answer{.known = choice->answer, .schema = schema, .call = "", .complete = true};
}

Executor::Executor(ExecuteRequest request) : state_(std::make_unique<State>(std::move(request))) {}
Executor::~Executor() = default;

Result<> Executor::declare(std::string_view, const Value& params) {
  if (params == state_->plan().params) return {};
  return fail(state_->deviation("the parameters are not those of the approved plan"));
}

Result<InstanceView> Executor::open(std::string_view name, std::optional<Role> role, const Line&) {
  return view_of(state_->request.instances, name, role);
}

Result<Value> Executor::args_schema(std::string_view name, std::string_view operation) {
  return args_schema_of(state_->request.instances, name, operation);
}

Result<Answer> Executor::call(std::string_view name, std::string_view operation_name, Value args,
                              const Line&) {
  State& state = *state_;
  if (const Error* stop = state.stopping()) return fail(*stop);
  if (state.request.cancelled) {
    state.interrupted = true;
    return fail(state.halt({.code = "run.interrupted",
                            .message = "stopped by the operator",
                            .category = Category::kTransient}));
  }
  auto instance = state.request.instances.open(name);
  if (!instance) return fail(instance.error());
  const Manifest& manifest = (*instance)->manifest();
  const CoreOperation core = core_operation(manifest, operation_name);
  if (core == CoreOperation::kRestore) return state.restore(*instance, args);
  if (core != CoreOperation::kNone)
    return state.choice(name, operation_name, args, core_result_schema(core));
  const auto operation = callable_operation(manifest, name, operation_name);
  if (!operation) return fail(operation.error());
  if ((*operation)->effect == Effect::kRead) {
    auto value = state.recorded_read(**instance, **operation, std::move(args));
    if (!value) return fail(value.error());
    return Answer{
        .known = std::move(*value), .schema = (*operation)->result, .call = "", .complete = true};
  }
  const std::string id = state.here->scopes.next_call();
  const auto planned =
      state.match(id, name, operation_name, canonical_args((*operation)->args, std::move(args)));
  if (!planned) return fail(planned.error());
  auto value = state.execute(**planned, *instance, **operation);
  if (!value) return fail(value.error());
  return Answer{
      .known = std::move(*value), .schema = (*operation)->result, .call = id, .complete = true};
}

Result<> Executor::begin_step(std::string_view name, const Line&) {
  state_->here->step = name;
  state_->here->step_id = state_->here->scopes.next_step();
  state_->here->step_depth = state_->here->scopes.depth();
  state_->request.audience.step_began(name);
  auto written = state_->journal.append_later(record::kStep, Value::object({{"name", name}}));
  return written ? Result<>() : fail(state_->halt(written.error()));
}

void Executor::end_step() {
  state_->request.audience.step_ended(state_->here->step);
  state_->here->step.clear();
}

// In a branch as well: the branch goes on behind the step, and those beside it hear nothing of it.
bool Executor::step_failed(const Error& error) {
  State& state = *state_;
  if (state.request.on_failure != OnFailure::kContinue) return false;
  if (!state.may_go_on() || !state.in_phases_alone()) return false;
  if (!state.report.error) state.report.error = error;
  state.report.warnings.push_back("step '" + state.here->step +
                                  "' failed and was left as it is: " + error.message);
  state.forgiven = true;
  state.pass_over_step();
  state.go_on();
  return true;
}

// What the failed step had still to do stands in the plan with its numbers, and what comes behind
// it has those that follow. A plan of before it said where its steps end has no more of them than
// the calls.
void Executor::State::pass_over_step() {
  here->scopes.close_to(here->step_depth);
  const PlannedStep* planned = plan().step(here->step_id);
  if (planned && planned->name == here->step) return here->scopes.pass_to(planned->end);
  for (const PlannedCall* call : plan().calls()) {
    if (!here->scopes.lies_ahead(call->id)) continue;
    if (call->step != here->step) return;
    here->scopes.pass_over(call->id);
  }
}

Result<bool> Executor::begin_when(const Value& condition, const Line&) {
  State& state = *state_;
  const auto value = state.resolve(condition);
  if (!value) return fail(value.error());
  const std::string name = state.here->scopes.numbered("when");
  const bool holds = value->is_bool() ? value->bool_or(false) : !value->is_null();
  if (holds) {
    state.here->scopes.open_when(name, condition);
  } else {
    state.count_as_done(state.here->scopes.here().path + "/" + name);
  }
  return holds;
}

void Executor::end_when() { state_->here->scopes.close(); }

void Executor::note(std::string_view text, const Line& line) {
  state_->request.audience.note(text, line);
}

Result<Value> Executor::outside(std::string_view what) {
  auto answer = state_->choice("", what, Value(), Value());
  if (!answer) return fail(answer.error());
  return answer->known;
}

Result<Value> Executor::ask(const Question& question, const Line&) {
  auto answer = state_->choice("", "ask", to_value(question), Value());
  if (!answer) return fail(answer.error());
  return answer->known;
}

std::uint64_t Executor::seed() const { return seed_of_plan(state_->plan().id); }

const Value& Executor::site_values() const { return state_->request.instances.site().values; }
const Error* Executor::stopped() const { return state_->stopping(); }

UndoScene Executor::State::undo_scene() {
  return {.instances = request.instances,
          .journal = journal,
          .audience = request.audience,
          .run_id = request.run_id,
          .started = started,
          .scratch_root = request.scratch_root,
          .plan = plan(),
          .history = known,
          .may_act = request.may_act,
          .turn = here};
}

bool Executor::State::undo_newest() {
  const PlannedPart* added = here->standing.back().added;
  if (added && holds_acts(plan(), *added)) touched = true;
  return undo_last(undo_scene(), here->standing, report);
}

// Newest first, until an act on a target that was dead before: that one is held for a person to
// look at. An act that did not finish is taken back all the same, because half of it is worse than
// either side.
void Executor::State::undo_down_to_the_dead() {
  while (!here->standing.empty()) {
    const StandingAct& act = here->standing.back();
    if (act.was_dead && act.result && !act.staging) return;
    if (!undo_newest()) return;
  }
}

// Everything whole stays for whoever goes on. Half an act is worse than either side: a cluster that
// was being stopped runs again. What was being staged hurts nobody and is gone on with.
Ending Executor::State::ending_after_interruption() {
  // The last of each branch: behind it there may be whole ones of the branches beside it.
  auto& acts = main.standing;
  for (std::size_t i = acts.size(); i-- > 0;) {
    const auto act = acts.begin() + static_cast<std::ptrdiff_t>(i);
    const std::string branch = branch_of(act->call_id);
    const bool is_last = std::all_of(act + 1, acts.end(), [&](const StandingAct& later) {
      return are_beside(branch, branch_of(later.call_id));
    });
    if (!is_last || act->result || act->staging) continue;
    std::rotate(act, act + 1, acts.end());
    if (!undo_newest()) return Ending::kNeedsPerson;
  }
  return Ending::kInterrupted;
}

Ending Executor::State::ending_after_failure() {
  if (report.rollback_error) return Ending::kNeedsPerson;  // of a branch of an attempt
  if ((interrupted || request.cancelled) && !deviated) return ending_after_interruption();
  if (auto all = stand_by_the_journal(); !all) {
    report.rollback_error = all.error();
    return Ending::kNeedsPerson;
  }
  const bool only_staged = std::all_of(here->standing.begin(), here->standing.end(),
                                       [](const StandingAct& act) { return act.staging; });
  if (forgiven || doubtful || barred || refused) return Ending::kNeedsPerson;
  if (deviated && !only_staged) return Ending::kNeedsPerson;
  if (request.on_failure != OnFailure::kRollback && tried) return Ending::kNeedsPerson;
  undo_down_to_the_dead();
  if (report.rollback_error || !here->standing.empty() || deviated) return Ending::kNeedsPerson;
  return touched ? Ending::kUndone : Ending::kFailedUntouched;
}

// Somebody began to take the run back, and it went forward again.
void Executor::State::warn_of_the_way_back() {
  if (!request.history) return;
  for (const PastCall& past : request.history->calls()) {
    const bool stands = past.is_act && is_on_the_way_back(past.id) && !past.undone &&
                        !request.history->is_of_a_failed_attempt(past);
    if (!stands || (past.error && past.error->outcome == Outcome::kNothingHappened)) continue;
    report.warnings.push_back(past.instance + "." + past.operation +
                              (past.result ? " was made" : " may have been made") +
                              " on the way back, before this run was gone on with: nothing takes "
                              "it back");
  }
}

RunReport Executor::finish(Result<> ended) {
  State& state = *state_;
  RunReport& report = state.report;
  if (ended && !state.main.stop && !state.forgiven) {
    for (const PlannedCall* call : state.plan().calls()) {
      if (state.done.count(call->id) > 0) continue;
      ended = fail(state.deviation("the runbook ended without call " + call->id +
                                   "\n  approved plan: " + shown(call) + "\n  this run: no call"));
      break;
    }
    for (const PlannedPart* part : state.plan().outlines()) {
      if (!ended) break;
      ended = fail(state.deviation("the runbook ended without phase '" +
                                   part->rule.at("name").text() + "'"));
    }
  }
  if (state.main.stop) {
    report.error = *state.main.stop;
  } else if (!ended && !report.error) {
    report.error = ended.error();
  }
  if (report.error) report.error = state.request.instances.secrets().mask(*report.error);
  report.went_on = state.forgiven;
  if (report.error) {
    report.ending = state.ending_after_failure();
  } else {
    state.warn_of_the_way_back();
    report.ending = report.warnings.empty() ? Ending::kDone : Ending::kDoneWithWarnings;
  }
  report.way_back = way_back_of(state.plan(), state.known);
  conclude(report, state.here->standing, state.journal);
  return std::move(report);
}

}  // namespace snapcore
