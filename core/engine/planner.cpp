#include "engine/planner.hpp"

#include <algorithm>

#include "base/random.hpp"
#include "engine/planner_state.hpp"
#include "engine/views.hpp"
#include "plugin/schema.hpp"

namespace snapcore {
namespace {

constexpr std::uint64_t kMostWords = 20'000;
constexpr std::uint64_t kMostFailures = 1'000;

bool covers_schema(const Value& schema, const Value& known) {
  const auto names = property_names(schema);
  return std::all_of(names.begin(), names.end(), [&](const std::string& name) {
    return known.has(name) || !is_required(schema, name);
  });
}

}  // namespace

Planner::State::State(PlanRequest planned, std::shared_ptr<Learned> known)
    : request(std::move(planned)),
      made_before(request.like ? PlanIndex(*request.like) : PlanIndex()),
      learned(known ? std::move(known) : std::make_shared<Learned>()),
      guards(request.instances.site().policy, request.waivers, plan.concerns) {}

Result<> Planner::State::keep_going() {
  if (stop) return fail(*stop);
  if (request.cancelled && *request.cancelled) {
    stop = Error{.code = "run.interrupted",
                 .message = "interrupted while planning",
                 .category = Category::kTransient};
  } else if (++words > kMostWords) {
    stop = Error{.code = "runbook.too_long",
                 .message = "the runbook makes more than " + std::to_string(kMostWords) +
                            " steps, calls and notes",
                 .hint = "nobody can read a plan of that length; see whether a loop runs away"};
  }
  return stop ? fail(*stop) : Result<>();
}

// A loop that catches its failures would ask the same plugin ten thousand times.
Error Planner::State::failed(Error error) {
  if (stop || ++failures <= kMostFailures) return error;
  stop = Error{.code = "runbook.too_many_failures",
               .message = std::to_string(kMostFailures) +
                          " calls of the runbook failed, and it went on behind each; the last one "
                          "with: " +
                          error.message,
               .hint = "look for a loop around a pcall"};
  return *stop;
}

Result<> Planner::State::check_core_args(CoreOperation which, const Manifest& manifest,
                                         const Value& args, const std::string& what) {
  const auto place = std::make_pair(manifest.id, which);
  auto known = core_schemas.find(place);
  if (known == core_schemas.end()) {
    auto schema = Schema::compile(core_args_schema(which, manifest));
    if (!schema) return fail(schema.error());
    known = core_schemas.emplace(place, std::move(*schema)).first;
  }
  return with_help_of(what, known->second.validate_planned(args, what));
}

Planner::Planner(PlanRequest request, std::shared_ptr<Learned> learned) {
  const bool second = learned != nullptr;
  state_ = std::make_unique<State>(std::move(request), std::move(learned));
  state_->second = second;
  if (!state_->request.within.empty()) state_->scopes = Scopes(state_->request.within);
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

Result<Answer> Planner::call(std::string_view name, std::string_view operation, Value args,
                             const Line& line) {
  auto answer = plan_one(name, operation, std::move(args), line);
  if (!answer) return fail(state_->failed(answer.error()));
  return answer;
}

Result<Answer> Planner::plan_one(std::string_view name, std::string_view operation_name, Value args,
                                 const Line& line) {
  State& state = *state_;
  if (auto going = state.keep_going(); !going) return fail(going.error());
  const std::string what = std::string(name) + "." + std::string(operation_name);
  if (auto fits = state.check_beside(what, args); !fits) return fail(fits.error());
  auto instance = state.request.instances.open(name);
  if (!instance) return fail(instance.error());
  const Manifest& manifest = (*instance)->manifest();
  const CoreOperation core = core_operation(manifest, operation_name);
  if (core != CoreOperation::kNone) {
    if (auto fits = state.check_core_args(core, manifest, args, what); !fits)
      return fail(fits.error());
    if (core == CoreOperation::kRestore) return state.restore(**instance, args, line);
    if (auto fits = state.check_choice(what, line); !fits) return fail(fits.error());
    return state.remember_read(state.choose(core, name, operation_name, args), name, line);
  }
  const auto operation = callable_operation(manifest, name, operation_name);
  if (!operation) return fail(operation.error());
  if ((*operation)->effect == Effect::kRead)
    return state.remember_read(state.read(**instance, **operation, std::move(args)), name, line);

  PlannedCall call;
  call.id = state.scopes.next_call();
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
  if (auto going = state_->keep_going(); !going) return going;
  if (!state_->step.empty()) {
    return fail({.code = "runbook.nested_step",
                 .message = "step '" + std::string(name) + "' begins inside of step '" +
                            state_->step + "' (" + to_text(line) + ")",
                 .hint = "steps do not nest; end the outer one first"});
  }
  state_->step = name;
  state_->step_id = state_->scopes.next_step();
  return {};
}

void Planner::end_step() {
  State& state = *state_;
  state.plan.steps.push_back(
      {.id = state.step_id, .name = state.step, .end = state.scopes.here().counts});
  state.step.clear();
}

Result<bool> Planner::begin_when(const Value& condition, const Line&) {
  if (auto going = state_->keep_going(); !going) return fail(going.error());
  if (auto fits = state_->check_beside("when", condition); !fits) return fail(fits.error());
  if (!is_later(condition)) {
    return fail(
        {.code = "runbook.bad_condition",
         .message = "when() takes what is known only later",
         .hint = "write when(later(handle, \"field\"), function() ... end), or a plain if"});
  }
  state_->scopes.open_when(state_->scopes.numbered("when"), condition);
  return true;
}

void Planner::end_when() { state_->scopes.close(); }

void Planner::note(std::string_view text, const Line&) {
  if (!state_->keep_going()) return;
  const bool on_the_way_back = state_->inside(PartKind::kOnRollback);
  auto& notes = on_the_way_back ? state_->planned(state_->parts.back()).notes : state_->plan.notes;
  notes.emplace_back(text);
}

Result<Value> Planner::outside(std::string_view what) {
  State& state = *state_;
  if (auto going = state.keep_going(); !going) return fail(going.error());
  const std::string id = state.scopes.next_read().planned;
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

namespace {

// All that refuses, so that nobody meets the second when the first is out of the way.
class Refusals {
 public:
  void add(std::string code, const std::string& message, const std::string& to,
           const std::string& option) {
    if (!error_) {
      error_ = {.code = std::move(code), .message = message, .category = Category::kPrecondition};
      to_ = to;
    } else {
      error_->message += "\nrefused as well: " + message + " [" + code + "]";
      to_ = "To go on all the same";
    }
    if (options_.find(option) == std::string::npos) options_ += " " + option;
  }
  Result<> result() {
    if (!error_) return {};
    error_->hint = "nothing was changed. " + to_ + ":" + options_;
    return fail(std::move(*error_));
  }

 private:
  std::optional<Error> error_;
  std::string to_;
  std::string options_;
};

}  // namespace

Result<> check_promises(const Plan& plan) {
  Refusals refusals;
  for (const Concern& concern : plan.concerns) {
    if (concern.state != Concern::State::kRefused) continue;
    refusals.add("guard." + concern.guard, concern.message, "To go on all the same",
                 "--waive " + concern.guard + "=REASON");
  }
  for (const PlannedCall* call : plan.calls()) {
    if (!call->is_point_of_no_return()) continue;
    const auto& accepted = plan.accepted_losses;
    if (std::find(accepted.begin(), accepted.end(), call->instance) != accepted.end()) continue;
    refusals.add("guard.loss_not_accepted",
                 call->instance + "." + call->operation + " cannot be taken back" +
                     (call->undo.reason.empty() ? "" : ": " + call->undo.reason),
                 "To accept the loss by name", "--accept-loss " + call->instance);
  }
  return refusals.result();
}

}  // namespace snapcore
