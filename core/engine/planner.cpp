#include "engine/planner.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "engine/core_operations.hpp"
#include "engine/guards.hpp"
#include "engine/live_call.hpp"
#include "engine/nested.hpp"
#include "engine/source_reads.hpp"
#include "engine/views.hpp"
#include "plugin/schema.hpp"

namespace snapcore {
namespace {

struct Scope {
  std::string path;
  std::uint64_t calls = 0;
  std::uint64_t reads = 0;
  std::uint64_t whens = 0;
  Value condition;
};

bool holds_later(const Value& value) {
  if (is_later(value)) return true;
  for (const Value& item : value.items()) {
    if (holds_later(item)) return true;
  }
  return std::any_of(value.members().begin(), value.members().end(),
                     [](const auto& member) { return holds_later(member.second); });
}

std::vector<std::string> texts(const Value& value) {
  std::vector<std::string> list;
  for (const Value& item : value.items()) list.push_back(item.text());
  return list;
}

// The plan entry's answer, moved into the planned call.
void take_answer(const Value& answer, PlannedCall& call) {
  call.predicted = answer.at("predicted").is_null() ? Value::object() : answer.at("predicted");
  call.effects = texts(answer.at("effects"));
  call.keeps = texts(answer.at("keeps"));
  call.resources = texts(answer.at("resources"));
  call.undo_words = texts(answer.at("undo").at("words"));
  call.bytes = answer.at("cost").at("bytes").uint_or(0);
  for (const Value& need : answer.at("cost").at("space").items()) {
    call.space.push_back({need.at("where").text(), need.at("needed").uint_or(0),
                          need.at("free").uint_or(UINT64_MAX)});
  }
  for (const Value& nested : answer.at("calls").items()) {
    call.nested.push_back({nested.at("label").text(), nested.at("instance").text(),
                           nested.at("operation").text(), nested.at("args")});
  }
}

bool covers_schema(const Value& schema, const Value& known) {
  const auto names = property_names(schema);
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    return known.has(name) || !is_required(schema, name);
  });
}

}  // namespace

constexpr std::uint64_t kMostWords = 10'000;

struct Planner::State {
  PlanRequest request;
  std::shared_ptr<Learned> learned;
  bool second = false;
  Plan plan;
  Guards guards;
  std::vector<Scope> scopes = {Scope{.path = "root", .condition = {}}};
  std::string step;
  std::set<std::string> changed;         // instances that a planned act changes
  std::map<std::string, Value> schemas;  // result schemas by call id
  std::optional<Error> stop;
  std::uint64_t words = 0;  // calls and notes
  bool declared = false;

  State(PlanRequest planned, std::shared_ptr<Learned> known)
      : request(std::move(planned)),
        learned(known ? std::move(known) : std::make_shared<Learned>()),
        guards(request.instances.site().policy, request.waivers, plan.concerns) {}

  Scope& scope() { return scopes.back(); }
  std::string next_call() { return scope().path + "#" + std::to_string(++scope().calls); }
  std::string next_read() { return scope().path + "?" + std::to_string(++scope().reads); }
  SourceReads reads() { return {request.instances, request.cancelled, request.audience}; }

  // Every word of the runbook that reaches the core passes here.
  Result<> keep_going() {
    if (stop) return fail(*stop);
    if (request.cancelled && *request.cancelled) {
      stop = Error{.code = "run.interrupted",
                   .message = "interrupted while planning",
                   .category = Category::kTransient};
    } else if (++words > kMostWords) {
      stop = Error{.code = "runbook.too_long",
                   .message = "the runbook makes more than " + std::to_string(kMostWords) +
                              " calls and notes",
                   .hint = "nobody can read a plan of that length; see whether a loop runs away"};
    }
    return stop ? fail(*stop) : Result<>();
  }

  // Asks once, in the first pass; the second pass must ask the same and gets the same answer.
  template <class Ask>
  Result<Value> learn(std::map<std::string, Learned::Answered>& answers, const std::string& id,
                      std::string_view instance, std::string_view operation, const Value& args,
                      Ask ask) {
    const auto found = answers.find(id);
    if (found == answers.end()) {
      if (second) return fail(not_deterministic(id, instance, operation, "nothing"));
      auto answer = ask();
      return answers
          .emplace(id,
                   Learned::Answered{std::string(instance), std::string(operation), args, answer})
          .first->second.answer;
    }
    const Learned::Answered& first = found->second;
    if (first.instance != instance || first.operation != operation || first.args != args) {
      return fail(
          not_deterministic(id, instance, operation, first.instance + "." + first.operation));
    }
    return first.answer;
  }

  Error not_deterministic(const std::string& id, std::string_view instance,
                          std::string_view operation, const std::string& first) {
    stop = Error{.code = "plan.not_deterministic",
                 .message = "the runbook does not do the same twice: call " + id + " is " +
                            std::string(instance) + "." + std::string(operation) +
                            " in the second planning pass and was " + first + " in the first",
                 .hint = "let the runbook decide only on its parameters, reads, now() and uuid()"};
    return *stop;
  }

  Result<Value> read_learned(const std::string& id, Instance& instance, const Operation& operation,
                             const Value& args) {
    return learn(learned->reads, id, instance.name(), operation.name, args, [&]() -> Result<Value> {
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

  // Asks the plugin what the call would do and puts it into the plan.
  Result<Value> plan_call(PlannedCall call, Instance& instance, const Operation& operation) {
    call.step = step;
    call.instance = instance.name();
    call.operation = operation.name;
    call.effect = operation.effect;
    call.undo = operation.undo;
    call.result_schema = operation.result;
    call.condition = scope().condition;
    call.args = canonical_args(operation.args, std::move(call.args));
    const auto answer = learn(
        learned->plans, call.id, call.instance, call.operation, call.args, [&]() -> Result<Value> {
          LiveCall live{.instances = request.instances,
                        .instance = instance,
                        .operation = operation,
                        .entry = Entry::kPlan,
                        .audience = request.audience,
                        .cancelled = request.cancelled};
          live.on_nested = nested_reads(request.instances, instance, request.cancelled);
          return live.run(call.args).result;
        });
    if (!answer) return answer;
    take_answer(*answer, call);
    for (const Value& concern : answer->at("concerns").items()) {
      guards.raise(concern.at("guard").text(), call.instance, concern.at("message").text());
    }
    schemas[call.id] = call.result_schema;
    if (call.is_act()) changed.insert(call.instance);
    Value predicted = call.predicted;
    if (plan.phases.empty()) plan.phases.push_back({});
    plan.phases.back().calls.push_back(std::move(call));
    return predicted;
  }

  Result<Answer> read(Instance& instance, const Operation& operation, Value args) {
    const std::string id = next_read();
    if (changed.count(instance.name()) > 0 || holds_later(args)) {
      return Answer{
          .known = Value::object(), .schema = operation.result, .call = id, .complete = false};
    }
    auto value =
        read_learned(id, instance, operation, canonical_args(operation.args, std::move(args)));
    if (!value) return fail(value.error());
    return Answer{
        .known = std::move(*value), .schema = operation.result, .call = "", .complete = true};
  }

  Result<Answer> choose(CoreOperation which, std::string_view instance, std::string_view operation,
                        const Value& args) {
    const std::string id = next_read();
    const Value schema = core_result_schema(which);
    if (changed.count(std::string(instance)) > 0 || holds_later(args)) {
      return Answer{.known = Value::object(), .schema = schema, .call = id, .complete = false};
    }
    auto value = learn(learned->reads, id, instance, operation, args,
                       [&] { return ask_source(which, instance, args); });
    if (!value) return fail(value.error());
    plan.choices.push_back({id, std::string(instance), std::string(operation), args, *value});
    return Answer{.known = std::move(*value), .schema = schema, .call = "", .complete = true};
  }

  Result<Value> ask_source(CoreOperation which, std::string_view instance, const Value& args) {
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

  // --- the restore sequence
  // -------------------------------------------------------------------------------

  Result<Answer> restore(Instance& target, const Value& args, const Line& line);
  Result<> know_artifact(PlannedRestore& restore, const Value& wanted);
  Result<> know_digest(PlannedRestore& restore);
  Result<> examine(PlannedRestore& restore, Instance& target);
  Result<> inspect(PlannedRestore& restore, Instance& target);
  Result<> plan_verbs(const PlannedRestore& restore, Instance& target, const Value& args,
                      const Line& line);
  Value waived_value() const;

  Value identity_of_artifact;  // of the restore that is being planned
};

Planner::Planner(PlanRequest request, std::shared_ptr<Learned> learned) {
  const bool second = learned != nullptr;
  state_ = std::make_unique<State>(std::move(request), std::move(learned));
  state_->second = second;
  state_->plan.made = state_->request.clock.now();
  state_->plan.site_path = state_->request.instances.site().path.string();
  state_->plan.site_digest = state_->request.instances.site().digest;
  state_->plan.accepted_losses = state_->request.accept_loss;
  if (second) return;
  auto& outside = state_->learned->outside;
  if (const Plan* like = state_->request.like) {
    outside["plan"] = like->id;
    for (const Choice& choice : like->choices) {
      if (choice.instance.empty()) outside[choice.id] = choice.answer;
    }
  } else if (const auto id = random_uuid()) {
    outside["plan"] = *id;
  }
  state_->learned->seed = seed_of_plan(outside["plan"].text());
}

Planner::~Planner() = default;

Result<> Planner::declare(std::string_view summary, const Value& params) {
  state_->plan.summary = summary;
  state_->plan.params = params;
  return check_waivers(state_->request.waivers, state_->request.instances.site().policy);
}

Result<InstanceView> Planner::open(std::string_view name, std::optional<Role> role, const Line&) {
  return view_of(state_->request.instances, name, role);
}

Result<Value> Planner::args_schema(std::string_view name, std::string_view operation) {
  return args_schema_of(state_->request.instances, name, operation);
}

Result<Answer> Planner::call(std::string_view name, std::string_view operation_name, Value args,
                             const Line& line) {
  State& state = *state_;
  if (auto going = state.keep_going(); !going) return fail(going.error());
  auto instance = state.request.instances.open(name);
  if (!instance) return fail(instance.error());
  const Manifest& manifest = (*instance)->manifest();
  const CoreOperation core = core_operation(manifest, operation_name);
  if (core != CoreOperation::kNone) {
    const auto schema = Schema::compile(core_args_schema(core, manifest));
    if (!schema) return fail(schema.error());
    const std::string what = std::string(name) + "." + std::string(operation_name);
    if (auto fits = with_help_of(what, schema->validate_planned(args, what)); !fits)
      return fail(fits.error());
    if (core == CoreOperation::kRestore) return state.restore(**instance, args, line);
    return state.choose(core, name, operation_name, args);
  }
  const auto operation = callable_operation(manifest, name, operation_name);
  if (!operation) return fail(operation.error());
  if ((*operation)->effect == Effect::kRead)
    return state.read(**instance, **operation, std::move(args));

  PlannedCall call;
  call.id = state.next_call();
  call.line = line;
  call.args = std::move(args);
  const std::string id = call.id;
  auto predicted = state.plan_call(std::move(call), **instance, **operation);
  if (!predicted) return fail(predicted.error());
  const bool complete = covers_schema((*operation)->result, *predicted);
  return Answer{.known = std::move(*predicted),
                .schema = (*operation)->result,
                .call = id,
                .complete = complete};
}

Result<> Planner::begin_step(std::string_view name, const Line& line) {
  if (!state_->step.empty()) {
    return fail({.code = "runbook.nested_step",
                 .message = "step '" + std::string(name) + "' begins inside of step '" +
                            state_->step + "' (" + to_text(line) + ")",
                 .hint = "steps do not nest; end the outer one first"});
  }
  state_->step = name;
  return {};
}

void Planner::end_step() { state_->step.clear(); }

Result<bool> Planner::begin_when(const Value& condition, const Line&) {
  if (!is_later(condition)) {
    return fail(
        {.code = "runbook.bad_condition",
         .message = "when() takes what is known only later",
         .hint = "write when(later(handle, \"field\"), function() ... end), or a plain if"});
  }
  Scope& outer = state_->scope();
  const std::string path = outer.path + "/when[" + std::to_string(++outer.whens) + "]";
  state_->scopes.push_back(Scope{.path = path, .condition = condition});
  return true;
}

void Planner::end_when() {
  if (state_->scopes.size() > 1) state_->scopes.pop_back();
}

void Planner::note(std::string_view text, const Line&) {
  if (state_->keep_going()) state_->plan.notes.emplace_back(text);
}

Result<Value> Planner::outside(std::string_view what) {
  State& state = *state_;
  const std::string id = state.next_read();
  auto& known = state.learned->outside;
  if (known.count(id) == 0) {
    if (what == "now") {
      known[id] = to_rfc3339(state.request.clock.now());
    } else {
      auto fresh = random_uuid();
      if (!fresh) return fail(fresh.error());
      known[id] = *fresh;
    }
  }
  state.plan.has_fresh_arguments = true;
  state.plan.choices.push_back({id, "", std::string(what), Value(), known[id]});
  return known[id];
}

std::uint64_t Planner::seed() const { return state_->learned->seed; }
const Value& Planner::site_values() const { return state_->request.instances.site().values; }
const Error* Planner::stopped() const { return state_->stop ? &*state_->stop : nullptr; }
std::shared_ptr<Learned> Planner::learned() const { return state_->learned; }

Plan Planner::take() {
  Plan& plan = state_->plan;
  plan.id = state_->learned->outside["plan"].text();
  for (const Plugin* plugin : state_->request.instances.used()) {
    plan.plugins.push_back({plugin->manifest().id, plugin->manifest().version,
                            plugin->path().string(), plugin->sha256()});
  }
  state_->guards.check_space(plan);
  return std::move(plan);
}

// --- the restore sequence
// ---------------------------------------------------------------------------------

Result<Answer> Planner::State::restore(Instance& target, const Value& args, const Line& line) {
  PlannedRestore restore;
  restore.id = next_call();
  restore.target = target.name();
  identity_of_artifact = Value();
  if (changed.count(target.name()) > 0) {
    return fail(
        {.code = "plan.target_changed_before",
         .message = target.name() +
                    " is changed earlier in this plan, so what it will be then cannot be known now",
         .hint = "restore it first, or in a runbook of its own"});
  }
  if (is_later(args.at("from"))) {
    return fail({.code = "plan.artifact_unknown",
                 .message = "what " + target.name() +
                            " is to be restored from is known only after execution"});
  }
  if (auto known = know_artifact(restore, args.at("from")); !known) return fail(known.error());
  if (auto inspected = inspect(restore, target); !inspected) return fail(inspected.error());
  if (auto examined = examine(restore, target); !examined) return fail(examined.error());

  guards.check_age(restore);
  guards.check_healthy(restore);
  guards.check_identity(restore.target, identity_of_artifact, restore.target_identity,
                        restore.evidence);
  if (auto planned = plan_verbs(restore, target, args, line); !planned)
    return fail(planned.error());

  Answer answer{.known = Value::object({{"ref", restore.artifact.at("ref")},
                                        {"sha256", restore.artifact.at("sha256")},
                                        {"size", restore.artifact.at("size")}}),
                .schema = core_result_schema(CoreOperation::kRestore),
                .call = restore.id,
                .complete = false};
  schemas[restore.id] = answer.schema;
  plan.restores.push_back(std::move(restore));
  return answer;
}

Result<> Planner::State::know_artifact(PlannedRestore& restore, const Value& wanted) {
  if (!wanted.at("source").is_string() || !wanted.at("ref").is_string()) {
    return fail({.code = "runbook.bad_argument",
                 .message = "from is not an artifact",
                 .hint = "pass what a source's latest, stat or list gave"});
  }
  const std::string source = wanted.at("source").text();
  const std::string ref = wanted.at("ref").text();
  const Value args = Value::object({{"ref", ref}});
  auto artifact = learn(learned->reads, restore.id + ".stat", source, "stat", args,
                        [&] { return ask_source(CoreOperation::kStat, source, args); });
  if (!artifact) return fail(artifact.error());
  restore.artifact = std::move(*artifact);
  const auto known = Artifact::from(restore.artifact);
  if (!known) return fail(known.error());
  if (known->problem) return fail(*known->problem);
  if (const auto time = known->chosen_time()) restore.age_seconds = (plan.made - *time).count();
  return know_digest(restore);
}

Result<> Planner::State::know_digest(PlannedRestore& restore) {
  Value& artifact = restore.artifact;
  const Value recorded = artifact.at("sha256");
  const bool local = artifact.at("local").bool_or(false);
  if (recorded.is_string() && !local) {
    restore.digest_from = "recorded beside it";
    return {};
  }
  const auto hash = learn(learned->reads, restore.id + ".hash", artifact.at("source").text(),
                          "hash", identity_of_bytes(artifact), [&]() -> Result<Value> {
                            auto digest = reads().hash(artifact);
                            if (!digest) return fail(digest.error());
                            return Value(*digest);
                          });
  if (!hash) return fail(hash.error());
  restore.digest_from =
      recorded.is_string() ? "recorded beside it, and checked" : "computed while planning";
  if (recorded.is_string() && recorded != *hash) {
    guards.raise("hash", restore.target,
                 artifact.at("ref").text() + " has SHA-256 " + hash->text().substr(0, 12) +
                     "..., and " + recorded.text().substr(0, 12) + "... is recorded beside it");
    restore.digest_from = "computed while planning; another one is recorded beside it";
  }
  artifact["sha256"] = *hash;
  return {};
}

Result<> Planner::State::inspect(PlannedRestore& restore, Instance& target) {
  const Operation* operation = target.manifest().find("inspect");
  const auto found = read_learned(restore.id + ".inspect", target, *operation, Value::object());
  if (!found) return fail(found.error());
  restore.healthy_before = found->at("healthy").bool_or(false);
  restore.readable_before = found->at("readable").bool_or(false);
  restore.keeps = found->at("keeps").text();
  restore.evidence = texts(found->at("evidence"));
  restore.target_identity = found->at("identity");
  return {};
}

Result<> Planner::State::examine(PlannedRestore& restore, Instance& target) {
  const Value& recorded = restore.artifact.at("manifest").at("identity");
  if (!recorded.is_null()) identity_of_artifact = recorded;
  const auto& kinds = target.manifest().kinds;
  const std::string kind = restore.artifact.at("kind").text();
  const bool understood =
      std::any_of(kinds.begin(), kinds.end(), [&](const Kind& k) { return k.kind == kind; });
  if (!kind.empty() && !kinds.empty() && !understood) {
    return fail({.code = "guard.wrong_kind",
                 .message = restore.artifact.at("ref").text() + " is a '" + kind + "', and " +
                            restore.target + " cannot be restored from that",
                 .category = Category::kPrecondition});
  }
  if (!restore.artifact.at("local").bool_or(false)) return {};
  const Operation* operation = target.manifest().find("examine");
  const auto examined = read_learned(restore.id + ".examine", target, *operation,
                                     Value::object({{"artifact", restore.artifact}}));
  if (!examined) return fail(examined.error());
  restore.examined = true;
  restore.examination = *examined;
  for (const Value& concern : examined->at("concerns").items()) {
    guards.raise(concern.at("guard").text(), restore.target, concern.at("message").text());
  }
  for (const Value& line : examined->at("evidence").items())
    restore.evidence.push_back(line.text());
  if (!examined->at("identity").is_null()) identity_of_artifact = examined->at("identity");
  if (!restore.artifact.has("kind")) restore.artifact["kind"] = examined->at("kind");
  return {};
}

Value Planner::State::waived_value() const {
  Value::Array list;
  for (const Waiver& waiver : request.waivers) list.emplace_back(waiver.guard);
  std::sort(list.begin(), list.end(),
            [](const Value& a, const Value& b) { return a.text() < b.text(); });
  return list;
}

Result<> Planner::State::plan_verbs(const PlannedRestore& restore, Instance& target,
                                    const Value& args, const Line& line) {
  Value all = args;
  all["from"] = identity_of_bytes(restore.artifact);
  hand_over_staged(restore.id, target.manifest(), all);
  all["waived"] = waived_value();
  for (const char* verb : {"stage", "check", "activate", "health"}) {
    const Operation* operation = target.manifest().find(verb);
    PlannedCall call;
    call.id = restore.id + "." + verb;
    call.line = line;
    call.args = arguments_for(*operation, all);
    if (operation->effect == Effect::kRead) continue;  // check: the executor calls it in its place
    auto planned = plan_call(std::move(call), target, *operation);
    if (!planned) return fail(planned.error());
  }
  return {};
}

Result<> check_promises(const Plan& plan) {
  for (const Concern& concern : plan.concerns) {
    if (concern.state != Concern::State::kRefused) continue;
    return fail(
        {.code = "guard." + concern.guard,
         .message = concern.message,
         .hint = "nothing was changed. To go on all the same: --waive " + concern.guard + "=REASON",
         .category = Category::kPrecondition});
  }
  for (const PlannedCall* call : plan.calls()) {
    if (!call->is_point_of_no_return()) continue;
    const auto& accepted = plan.accepted_losses;
    if (std::find(accepted.begin(), accepted.end(), call->instance) != accepted.end()) continue;
    return fail(
        {.code = "guard.loss_not_accepted",
         .message = call->instance + "." + call->operation + " cannot be taken back" +
                    (call->undo.reason.empty() ? "" : ": " + call->undo.reason),
         .hint = "nothing was changed. To accept the loss by name: --accept-loss " + call->instance,
         .category = Category::kPrecondition});
  }
  return {};
}

}  // namespace snapcore
