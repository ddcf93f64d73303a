#include "engine/border_gate.hpp"

#include <map>

namespace snapcore {
namespace {

// Takes everything and keeps nothing.
class NoJournal final : public Journal {
 public:
  explicit NoJournal(std::uint64_t seq) : seq_(seq) {}
  Result<std::uint64_t> append(std::string_view, Value) override { return ++seq_; }
  Result<std::uint64_t> append_later(std::string_view, Value) override { return ++seq_; }
  JournalHead head() const override { return {seq_, ""}; }
  std::uint64_t dropped_bytes() const override { return 0; }
  Result<> visit(const VisitRecord&) const override { return {}; }

 private:
  std::uint64_t seq_;
};

// Behind everything that a run writes.
constexpr std::uint64_t kFarBehind = std::uint64_t{1} << 62;

const std::atomic<bool> kNever = false;

Error reached() { return {.code = "phase.reached", .message = "the phase begins here"}; }

using Results = std::map<std::string, Value, std::less<>>;

// `asked` keeps what was asked for.
PlanRequest request_at(PlanRequest request, const Border& border, Results& asked) {
  request.like = &border.plan;
  request.within = border.phase.id;
  request.accept_loss.insert(request.accept_loss.end(), border.plan.accepted_losses.begin(),
                             border.plan.accepted_losses.end());
  request.result_of = [&asked, &known = border.known](std::string_view call) -> const Value* {
    auto result = known.result_of(call);
    if (!result) return nullptr;
    return &asked.insert_or_assign(std::string(call), std::move(*result)).first->second;
  };
  return request;
}

}  // namespace

struct BorderGate::State {
  State(PlanRequest request, const Border& border, std::shared_ptr<Learned> known)
      : planner(request_at(request, border, asked), std::move(known)),
        told({.instances = request.instances,
              .clock = request.clock,
              .plan = border.plan,
              .run_id = border.run_id,
              .journal = journal,
              .on_failure = border.on_failure,
              .scratch_root = {},
              .audience = nobody,
              .cancelled = request.cancelled ? *request.cancelled : kNever,
              .history = &border.known,
              .at_border = [](const Border&) -> Result<Admitted> { return fail(reached()); },
              .only_told = true}),
        phase(border.phase.id) {}

  Results asked;
  Audience nobody;
  NoJournal journal{kFarBehind};
  Planner planner;
  Executor told;
  std::string phase;
  bool at_border = false;
  std::size_t open = 0;       // parts inside of the phase
  std::optional<Error> over;  // the phase's body has ended

  Gate& now() { return at_border ? static_cast<Gate&>(planner) : told; }
};

BorderGate::BorderGate(PlanRequest request, const Border& border, std::shared_ptr<Learned> learned)
    : state_(std::make_unique<State>(std::move(request), border, std::move(learned))) {}
BorderGate::~BorderGate() = default;

Result<Plan> BorderGate::take(const Result<>& runbook_ended) {
  if (state_->over && state_->over->code == reached().code) return state_->planner.take();
  if (!runbook_ended) return fail(runbook_ended.error());
  return fail({.code = "run.deviation",
               .message = "the runbook does not come to " + state_->phase + " again",
               .category = Category::kConflict});
}

std::shared_ptr<Learned> BorderGate::learned() const { return state_->planner.learned(); }

// What came before has answers; that it is told again makes no difference to the runbook.
bool BorderGate::planning() const { return state_->at_border; }

Result<> BorderGate::declare(std::string_view summary, const Value& params) {
  if (auto declared = state_->told.declare(summary, params); !declared) return declared;
  return state_->planner.declare(summary, params);
}

Result<InstanceView> BorderGate::open(std::string_view name, std::optional<Role> role,
                                      const Line& line) {
  return state_->now().open(name, role, line);
}

Result<Value> BorderGate::args_schema(std::string_view name, std::string_view operation) {
  return state_->now().args_schema(name, operation);
}

Result<Answer> BorderGate::call(std::string_view name, std::string_view operation, Value args,
                                const Line& line) {
  return state_->now().call(name, operation, std::move(args), line);
}

Result<> BorderGate::begin_step(std::string_view name, const Line& line) {
  return state_->now().begin_step(name, line);
}

void BorderGate::end_step() { state_->now().end_step(); }
bool BorderGate::step_failed(const Error& error) { return state_->now().step_failed(error); }

Result<bool> BorderGate::begin_when(const Value& condition, const Line& line) {
  return state_->now().begin_when(condition, line);
}

void BorderGate::end_when() { state_->now().end_when(); }

Result<Next> BorderGate::begin_part(const Part& part) {
  State& state = *state_;
  auto next = state.now().begin_part(part);
  if (state.at_border) {
    state.open += next ? 1 : 0;
    return next;
  }
  if (next || next.error().code != reached().code) return next;
  state.at_border = true;
  return Next{.what = Next::Do::kBody};
}

Result<Next> BorderGate::body_ended(const BodyEnd& end) {
  State& state = *state_;
  if (!state.at_border) return state.told.body_ended(end);
  if (state.open > 0) {
    auto next = state.planner.body_ended(end);
    if (!next || next->what == Next::Do::kLeave) --state.open;
    return next;
  }
  state.over = reached();
  if (end.failed) state.over = end.failed->error;
  if (const Error* stopped = state.planner.stopped()) state.over = *stopped;
  return fail(*state.over);
}

Result<> BorderGate::parallel(const Part& part, const std::vector<Body>& bodies) {
  return state_->now().parallel(part, bodies);
}

void BorderGate::note(std::string_view text, const Line& line) { state_->now().note(text, line); }

Result<Value> BorderGate::outside(std::string_view what) { return state_->now().outside(what); }

Result<Value> BorderGate::ask(const Question& question, const Line& line) {
  return state_->now().ask(question, line);
}

std::uint64_t BorderGate::seed() const { return state_->told.seed(); }
const Value& BorderGate::site_values() const { return state_->told.site_values(); }

const Error* BorderGate::stopped() const {
  if (state_->over) return &*state_->over;
  return state_->at_border ? state_->planner.stopped() : state_->told.stopped();
}

}  // namespace snapcore
