// parallel while executing. Each branch is on a thread of its own, and only the one that has the
// turn runs: so each sees everything as if it were alone, but while it waits others go on.
//
// A branch that fails ends all: the others may finish the call that runs, and are stopped at the
// next one, which nothing inside of them can catch. What they did stands in the order of the
// journal and is taken back, or not, by whatever catches the failure of the parallel as a whole.
#include <algorithm>
#include <system_error>

#include "engine/executor_state.hpp"

namespace snapcore {

void Executor::State::Branch::give() {
  away = true;
  state.turns.give();
}

void Executor::State::Branch::take() {
  state.turns.take();
  away = false;
  state.here = this;
}

// Told again in another order than they were made, calls would answer as they did all the same; but
// then what a branch sees of its neighbours would be new each time.
void Executor::State::wait_for_record(std::uint64_t seq) {
  if (live.size() == 1) return;
  Branch& mine = *here;
  mine.next_up = seq;
  turns.give();
  turns.take_when([&] {
    return std::all_of(live.begin(), live.end(), [&](const Branch* other) {
      return other == &mine || other->away || (other->next_up && *other->next_up >= seq);
    });
  });
  mine.next_up.reset();
  here = &mine;
}

const Error* Executor::State::stopping() {
  if (!here->stop && stopped_for_good) here->stop = stopped_for_good;
  if (!here->stop && here->group && here->group->failed) {
    here->stopped_beside = true;
    here->stop = Error{.code = "run.stopped_beside",
                       .message = "stopped, because another branch of the parallel failed",
                       .category = Category::kPrecondition};
  }
  return here->stop ? &*here->stop : nullptr;
}

// --- the branches

// As many as may run at the same time; the next ones when one has ended.
void Executor::State::begin_branches(Group& group) {
  while (group.running < group.limit && group.begun < group.branches.size() && !group.failed &&
         !ends_all()) {
    const std::size_t place = group.begun++;
    Branch& branch = *group.branches[place];
    const Body& body = group.bodies[place];
    ++group.running;
    live.push_back(&branch);
    try {
      group.threads.emplace_back([this, &group, &branch, &body, place] {
        turns.take_when([&] { return group.entered == place; });  // in their order
        ++group.entered;
        here = &branch;
        branch_ended(group, branch, body());
        branch.give();
      });
    } catch (const std::system_error& problem) {
      --group.running;
      live.pop_back();
      group.failed =
          BodyFailure{.error = {.code = "run.no_thread",
                                .message = std::string("no thread for a branch: ") + problem.what(),
                                .category = Category::kTransient}};
    }
  }
}

// The next one begins before anybody else goes on: so the records it was told about come in order.
void Executor::State::branch_ended(Group& group, Branch& branch, const BodyEnd& end) {
  live.erase(std::remove(live.begin(), live.end(), &branch), live.end());
  --group.running;
  const bool failed_now = end.failed || branch.stop;
  if (failed_now && !branch.stopped_beside && !group.failed) group.failed = failure_of(end);
  begin_branches(group);
}

void Executor::State::gather_standing(Group& group) {
  const auto before = static_cast<std::ptrdiff_t>(here->standing.size());
  for (auto& branch : group.branches) {
    for (StandingAct& act : branch->standing) here->standing.push_back(std::move(act));
    branch->standing.clear();
  }
  std::stable_sort(here->standing.begin() + before, here->standing.end(),
                   [&](const StandingAct& a, const StandingAct& b) { return began(a) < began(b); });
}

std::uint64_t Executor::State::began(const StandingAct& act) const {
  if (act.added) {
    const PastPart* part = known.part(act.call_id);
    return part ? part->seq : 0;
  }
  const PastCall* call = known.find(act.call_id);
  return call ? call->begun : 0;
}

// As a whole it fails as a call of the line around it would.
Result<> Executor::State::after_parallel(const Group& group) {
  if (stopped_for_good) return fail(halt(*stopped_for_good));
  if (group.failed) {
    if (!here->stop) here->failed = group.failed;
    return fail(halt(group.failed->error));
  }
  if (group.begun == group.branches.size()) return {};
  interrupted = true;
  return fail(halt({.code = "run.interrupted",
                    .message = "stopped by the operator",
                    .category = Category::kTransient}));
}

Result<> Executor::parallel(const Part& part, const std::vector<Body>& bodies) {
  State& state = *state_;
  if (const Error* stop = state.stopping()) return fail(*stop);
  State::Branch& mine = *state.here;
  const std::size_t depth = mine.scopes.depth();
  if (auto planned = state.open_part(part); !planned) return fail(planned.error());
  State::Group group{.bodies = bodies,
                     .limit = static_cast<std::size_t>(part.rule.at("limit").uint_or(1))};
  for (std::size_t i = 0; i < bodies.size(); ++i) {
    auto branch = std::make_unique<State::Branch>(state, &mine, &group);
    branch->scopes = mine.scopes;
    branch->scopes.open("branch[" + std::to_string(i + 1) + "]");
    branch->step = mine.step;
    group.branches.push_back(std::move(branch));
  }
  state.begin_branches(group);
  mine.away = true;
  state.turns.give();
  state.turns.take_when([&] { return group.running == 0; });
  mine.away = false;
  state.here = &mine;
  for (std::thread& thread : group.threads) thread.join();
  mine.scopes.close_to(depth);
  state.gather_standing(group);
  return state.after_parallel(group);
}

}  // namespace snapcore
