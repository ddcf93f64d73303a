// retry, wait_until and attempt while executing. A call that fails stops the run; a part that
// catches the failure lifts that stop once the body has ended, so that nothing in between can go
// on behind it.
//
// What became of a part is in the journal: which round of a body failed, whose handler was taken.
// A run that is gone on with begins a retry with the round that had not ended. The body of an
// attempt that failed is told again from the journal, as it was, and nothing of it is made.
#include <algorithm>

#include "base/text.hpp"
#include "engine/executor_state.hpp"
#include "engine/way_back.hpp"

namespace snapcore {
namespace {

std::chrono::seconds duration(const Value& text) {
  return parse_duration(text.view()).value_or(std::chrono::seconds(0));
}

Error interrupted_error() {
  return {.code = "run.interrupted",
          .message = "stopped by the operator",
          .category = Category::kTransient};
}

Error timed_out(const PlannedPart& part, const std::string& last, const BodyEnd& end) {
  Error error{.code = "run.wait_timed_out",
              .message = "waited " + part.rule.at("timeout").text() + " in vain (" +
                         to_text(part.line) + "); at last " + last,
              .category = Category::kTransient};
  if (end.failed) error.cause = std::make_shared<const Error>(end.failed->error);
  return error;
}

}  // namespace

bool Executor::State::inside(PartKind kind) const {
  for (const Branch* branch = here; branch; branch = branch->parent) {
    const bool found = std::any_of(branch->parts.begin(), branch->parts.end(),
                                   [&](const OpenPart& part) { return part.planned.kind == kind; });
    if (found) return true;
  }
  return false;
}

bool Executor::State::in_phases_alone() const {
  for (const Branch* branch = here; branch; branch = branch->parent) {
    const bool alone =
        std::all_of(branch->parts.begin(), branch->parts.end(),
                    [](const OpenPart& part) { return part.planned.kind == PartKind::kPhase; });
    if (!alone) return false;
  }
  return true;
}

const Executor::State::OpenPart* Executor::State::telling_again() const {
  for (const Branch* branch = here; branch; branch = branch->parent) {
    const auto told = std::find_if(branch->parts.begin(), branch->parts.end(),
                                   [](const OpenPart& part) { return part.told_again; });
    if (told != branch->parts.end()) return &*told;
  }
  return nullptr;
}

std::uint64_t Executor::State::round_seq() const {
  std::uint64_t seq = 0;
  for (const Branch* branch = here; branch; branch = branch->parent) {
    for (const OpenPart& part : branch->parts) seq = std::max(seq, part.round_seq);
  }
  return seq;
}

Result<> Executor::State::note_part(const std::string& made, std::string_view state, Value more) {
  more["part"] = made;
  more["state"] = state;
  auto written = journal.append_later(record::kPart, request.instances.secrets().mask(more));
  if (written) return {};
  over = true;
  return fail(halt(written.error()));
}

void Executor::State::tell_of(const OpenPart& part, const std::string& what) {
  request.audience.note(what, part.planned.line);
}

BodyFailure Executor::State::failure_of(const BodyEnd& end) const {
  BodyFailure failure = end.failed.value_or(BodyFailure{});
  if (!here->stop) return failure;
  if (here->failed) return *here->failed;
  failure.error = *here->stop;
  return failure;
}

bool Executor::State::ends_all() const {
  return deviated || doubtful || barred || interrupted || over || request.cancelled;
}

bool Executor::State::may_go_on() const {
  return !ends_all() && !(here->group && here->group->failed);
}

void Executor::State::go_on() {
  here->stop.reset();
  here->failed.reset();
  here->verify_failed = false;
}

void Executor::State::count_as_done(std::string_view scope) {
  for (const PlannedCall* call : plan().calls()) {
    if (stands_in(call->id, scope)) done.insert(call->id);
  }
}

void Executor::State::leave_part() {
  here->scopes.close_to(here->parts.back().depth);
  here->parts.pop_back();
}

Result<Next> Executor::State::give_up(const Error& error) {
  leave_part();
  return fail(error);
}

// The planned part that this one is, with its scope open, or a deviation.
Result<const PlannedPart*> Executor::State::open_part(const Part& part) {
  here->scopes.open(here->scopes.numbered(to_text(part.kind)));
  const std::string id = here->scopes.here().path;
  const PlannedPart* planned = plan().part(id);
  if (planned && planned->kind == part.kind && planned->rule == part.rule) return planned;
  return fail(deviation(id + " is not as it was approved\n  approved plan: " +
                        (planned ? planned->rule.dump() : "nothing") +
                        "\n  this run: " + part.rule.dump()));
}

Result<Next> Executor::begin_part(const Part& part) {
  State& state = *state_;
  if (const Error* stop = state.stopping()) return fail(*stop);
  const std::size_t depth = state.here->scopes.depth();
  auto planned = state.open_part(part);
  if (!planned) return fail(planned.error());
  if (part.kind == PartKind::kOnRollback) return state.add_to_the_way_back(**planned);
  if (!(*planned)->outline.empty()) {
    const std::string id = (*planned)->id;
    if (auto reached = state.reach(id); !reached) return fail(reached.error());
    planned = state.plan().part(id);
  }
  State::OpenPart open{.planned = **planned,
                       .made = state.here->scopes.here().made,
                       .depth = depth,
                       .standing = state.here->standing.size()};
  const PastPart* past = state.past_of(open);
  if (past && past->failed_rounds > 0) {
    open.round = past->failed_rounds + 1;
    open.round_seq = past->seq;
  }
  open.told_again = past && !past->handler.empty();
  if (part.kind == PartKind::kWaitUntil)
    open.deadline = state.request.clock.now() + duration(part.rule.at("timeout"));
  state.here->scopes.begin_round(open.made, static_cast<std::uint64_t>(open.round));
  if (part.kind == PartKind::kAttempt) state.here->scopes.open("body");
  state.here->parts.push_back(std::move(open));
  return Next{.what = Next::Do::kBody};
}

Result<Next> Executor::body_ended(const BodyEnd& end) {
  State& state = *state_;
  State::OpenPart& part = state.here->parts.back();
  switch (part.planned.kind) {
    case PartKind::kRetry: return state.retry_ended(part, end);
    case PartKind::kWaitUntil: return state.look_ended(part, end);
    case PartKind::kAttempt: return state.attempt_ended(part, end);
    case PartKind::kPhase: return state.phase_ended(end);
    case PartKind::kOnRollback:  // its body is never run here
    case PartKind::kParallel: break;
  }
  return Next{};
}

// What was planned is on record before the first act of it.
Result<> Executor::State::reach(const std::string& part) {
  const PlannedPart& outline = *plan().part(part);
  const std::string name = "phase '" + outline.rule.at("name").text() + "'";
  if (!request.at_border) {
    return fail(halt({.code = "run.phase_not_planned",
                      .message = name + " is not planned",
                      .category = Category::kInternal}));
  }
  auto admitted = request.at_border({.plan = plan(),
                                     .phase = outline,
                                     .known = known,
                                     .run_id = request.run_id,
                                     .on_failure = request.on_failure});
  if (!admitted) {
    const std::string& code = admitted.error().code;
    interrupted = interrupted || request.cancelled;
    deviated = deviated || code == "run.deviation" || code == "plan.not_deterministic";
    for (const char* refusal : {"guard.", "approval.", "lease."})
      refused = refused || code.rfind(refusal, 0) == 0;
    return fail(halt(admitted.error()));
  }
  const Plan& phase = admitted->phase;
  const Value kept = request.instances.secrets().mask(to_value(phase));
  if (auto same = plan_from(kept); !same) {
    return fail(halt({.code = "runbook.secret_in_argument",
                      .message = "an argument of " + name + " holds the value of a secret",
                      .hint = "give secrets as references, so that no plan holds one",
                      .category = Category::kPrecondition}));
  }
  auto noted = record(record::kPhase, Value::object({{"part", part},
                                                     {"name", outline.rule.at("name")},
                                                     {"digest", phase.digest()},
                                                     {"acts", phase.acts()},
                                                     {"how", admitted->how},
                                                     {"plan", kept}}));
  if (!noted) return noted;
  grown.push_back(with_phase(plan(), part, phase));
  index = PlanIndex(plan());
  return {};
}

Result<Next> Executor::State::phase_ended(const BodyEnd& end) {
  leave_part();
  if (const Error* stop = stopping()) return fail(*stop);
  if (end.failed) return fail(end.failed->error);
  return Next{};
}

// Its body is not run: what it holds stands in the plan, and is made from there on the way back.
// Where it stands on the way back is on record before the next act.
Result<Next> Executor::State::add_to_the_way_back(const PlannedPart& part) {
  here->scopes.close();
  count_as_done(part.id);
  const PastPart* past = known.part(part.id);
  const bool registered = past && past->registered;
  if (telling_again() && !registered) return Next{};  // it was taken with the branch
  if (!registered) {
    auto noted = note_part(part.id, "registered", Value::object());
    if (!noted) return fail(noted.error());
  }
  stand(added_to_the_way_back(part));
  return Next{};
}

// --- the same body again

bool Executor::State::sleep(std::chrono::seconds time) {
  Sleeper& sleeper = request.sleeper ? *request.sleeper : real_sleeper;
  const TurnGiven given(here);
  return sleeper.sleep(time, request.cancelled);
}

Result<Next> Executor::State::next_round(OpenPart& part, const Error& error,
                                         std::chrono::seconds wait) {
  go_on();
  auto noted = note_part(part.made, "again",
                         Value::object({{"round", part.round}, {"error", to_value(error)}}));
  if (!noted) return give_up(noted.error());
  part.round_seq = past_of(part)->seq;
  if (!sleep(wait)) {
    interrupted = true;
    return give_up(halt(interrupted_error()));
  }
  ++part.round;
  here->scopes.close_to(part.depth + 1);
  here->scopes.begin_round(part.made, static_cast<std::uint64_t>(part.round));
  return Next{.what = Next::Do::kBody};
}

// Only what may go away by itself is tried again. Whether the call that failed has happened all the
// same is settled when the body comes to it: recall() asks what its manifest says of repeating.
Result<Next> Executor::State::retry_ended(OpenPart& part, const BodyEnd& end) {
  if (!end.failed && !here->stop) {
    leave_part();
    return Next{};
  }
  const Error error = failure_of(end).error;
  const auto times = part.planned.rule.at("times").int_or(1);
  if (!may_go_on() || error.category != Category::kTransient || part.round >= times)
    return give_up(error);
  const std::string wait = part.planned.rule.at("wait").text();
  tell_of(part, "attempt " + std::to_string(part.round) + " of " + std::to_string(times) +
                    " failed: " + first_line(error.message) + "; again in " + wait);
  return next_round(part, error, duration(part.planned.rule.at("wait")));
}

Result<Next> Executor::State::look_ended(OpenPart& part, const BodyEnd& end) {
  const bool failed_now = end.failed || here->stop;
  if (!failed_now && end.holds) {
    count_as_done(part.planned.id);  // what was not needed to know it
    leave_part();
    return Next{};
  }
  Error error{.code = "run.not_yet", .message = "it was not so yet"};
  if (failed_now) {
    error = failure_of(end).error;
    const bool not_yet =
        (here->stop && here->verify_failed) || error.category == Category::kTransient;
    if (!may_go_on() || !not_yet) return give_up(error);
  }
  const Time now = request.clock.now();
  if (now >= part.deadline) {
    const Error ended = timed_out(part.planned, first_line(error.message), end);
    go_on();
    return give_up(halt(ended));
  }
  const Value& rule = part.planned.rule;
  if (part.round == 1) {
    tell_of(part, "not yet: " + first_line(error.message) + "; looks every " +
                      rule.at("every").text() + ", for " + rule.at("timeout").text() + " at most");
  }
  return next_round(part, error, std::min(duration(rule.at("every")), part.deadline - now));
}

// --- another way

// All of it, also on a target that was dead before: the handler begins where the attempt began.
Result<> Executor::State::undo_branch(const OpenPart& part) {
  if (auto all = stand_by_the_journal(part.planned.id + "/body", part.standing); !all) {
    report.rollback_error = all.error();
    over = true;
    return all;
  }
  while (here->standing.size() > part.standing) {
    if (request.cancelled) {
      interrupted = true;
      return fail(halt(interrupted_error()));
    }
    if (!undo_newest()) {
      over = true;
      return fail(*report.rollback_error);
    }
  }
  return {};
}

Result<Next> Executor::State::attempt_ended(OpenPart& part, const BodyEnd& end) {
  const bool failed_now = end.failed || here->stop;
  const BodyFailure failure = failure_of(end);
  if (part.told_again && may_go_on()) {
    const std::string& before = past_of(part)->handler;
    if (!failed_now || failure.error.code != before) {
      go_on();
      return give_up(
          deviation(part.planned.id + " does not fail as it did\n  journal: " + before +
                    "\n  this run: " + (failed_now ? failure.error.code : "no failure")));
    }
  }
  const auto codes = texts_from(part.planned.rule.at("codes"));
  if (!failed_now) {
    for (const std::string& other : codes) {
      const std::string way = part.planned.id + "/on[" + other + "]";
      if (way != here->scopes.here().path) count_as_done(way);
    }
    leave_part();
    return Next{};
  }
  const std::string& code = failure.error.code;
  if (part.in_handler || !may_go_on() || std::find(codes.begin(), codes.end(), code) == codes.end())
    return give_up(failure.error);
  tell_of(part, "failed with " + code + ": " + first_line(failure.error.message) +
                    "; what it did is undone, and the handler for " + code + " takes over");
  if (!part.told_again) {
    auto noted = note_part(part.made, "handler",
                           Value::object({{"code", code}, {"error", to_value(failure.error)}}));
    if (!noted) return give_up(noted.error());
  }
  go_on();
  if (auto undone = undo_branch(part); !undone) {
    return give_up(halt(over ? failure.error : undone.error()));
  }
  part.told_again = false;
  part.in_handler = true;
  count_as_done(part.planned.id + "/body");
  here->scopes.close_to(part.depth + 1);
  here->scopes.open("on[" + code + "]");
  return Next{.what = Next::Do::kHandler, .code = code, .failure = failure};
}

}  // namespace snapcore
