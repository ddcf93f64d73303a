// parallel while planning: the branches are planned one after the other, and must not get into each
// other's way, since nobody can say in which order they will do what they do.
#include <algorithm>

#include "engine/later.hpp"
#include "engine/planner_state.hpp"

namespace snapcore {
namespace {

constexpr std::string_view kHint = "do both in one branch, one after the other";

struct Actor {
  std::size_t branch = 0;
  const PlannedCall* call = nullptr;
};

// The branches' acts by what is theirs alone: what they name, and the instances of those that name
// nothing.
class Claims {
 public:
  // The act of another branch that this one gets into the way of, or null.
  const Actor* other(std::size_t branch, const PlannedCall& call) {
    for (const std::string& resource : call.resources) {
      const Actor& first = by_resource_.emplace(resource, Actor{branch, &call}).first->second;
      if (first.branch != branch) return &first;
    }
    const Actor* found = by_instance(branch, call, call.instance);
    for (const NestedCall& nested : call.nested) {
      if (!found) found = by_instance(branch, call, nested.instance);
    }
    return found;
  }

 private:
  // Two acts on one instance are apart only if both say what they need of it.
  const Actor* by_instance(std::size_t branch, const PlannedCall& call,
                           const std::string& instance) {
    for (const Actor& actor : on_[instance]) {
      const bool apart = !actor.call->resources.empty() && !call.resources.empty();
      if (actor.branch != branch && !apart) return &actor;
    }
    on_[instance].push_back({branch, &call});
    return nullptr;
  }

  std::map<std::string, Actor> by_resource_;
  std::map<std::string, std::vector<Actor>> on_;
};

std::string number(std::size_t index) { return std::to_string(index + 1); }

std::string place_of(const PlannedCall& call, std::size_t branch) {
  return call.instance + "." + call.operation + " at " + to_text(call.line) + " in branch " +
         number(branch);
}

std::string branch_name(const std::string& part, std::size_t index) {
  return part + "/branch[" + number(index) + "]";
}

std::vector<std::string> changed_by(const PlannedCall& call) {
  std::vector<std::string> instances = {call.instance};
  for (const NestedCall& nested : call.nested) instances.push_back(nested.instance);
  return instances;
}

Error collision(std::string message, std::string hint) {
  return {.code = "plan.branches_collide",
          .message = std::move(message),
          .hint = std::move(hint),
          .category = Category::kPrecondition};
}

}  // namespace

// What the branches do must be apart, and nothing is read in one while another one changes it: what
// it said while planning would be chance while executing.
Result<> Planner::State::check_apart(const std::string& part, std::size_t branches) const {
  const auto branch_of_id = [&](std::string_view id) {
    std::size_t i = 0;
    while (i < branches && !stands_in(id, branch_name(part, i))) ++i;
    return i;
  };
  std::map<std::string, std::vector<std::pair<std::size_t, Line>>> readers;
  for (const KnownRead& read : known_reads) {
    const std::size_t reader = branch_of_id(read.id);
    if (reader < branches) readers[read.instance].emplace_back(reader, read.line);
  }
  for (const PlannedCall* call : plan.calls()) {
    const std::size_t reader = branch_of_id(call->id);
    if (reader < branches && !call->is_act())
      readers[call->instance].emplace_back(reader, call->line);
  }
  Claims claims;
  // Those on the way back too: an attempt goes it while the other branches go on.
  for (const PlannedCall* call : plan.calls()) {
    const std::size_t branch = branch_of_id(call->id);
    if (branch == branches || !call->is_act()) continue;
    if (const Actor* other = claims.other(branch, *call)) {
      return fail(collision(place_of(*other->call, other->branch) + " and " +
                                place_of(*call, branch) + " act on the same at the same time",
                            std::string(kHint)));
    }
    for (const std::string& instance : changed_by(*call)) {
      for (const auto& [reader, line] : readers[instance]) {
        if (reader == branch) continue;
        return fail(collision(instance + " is looked at in " + to_text(line) + " in branch " +
                                  number(reader) +
                                  ", and changed at the same time: " + place_of(*call, branch),
                              "look before the parallel, or behind it"));
      }
    }
  }
  return {};
}

Result<> Planner::State::plan_branches(const std::string& part, const std::vector<Body>& bodies) {
  const std::size_t closed = beside.size();
  Result<> ended;
  for (std::size_t i = 0; i < bodies.size() && ended; ++i) {
    const std::size_t depth = scopes.depth();
    scopes.open("branch[" + number(i) + "]");
    const BodyEnd end = bodies[i]();
    scopes.close_to(depth);
    if (stop) {
      ended = fail(*stop);
    } else if (end.failed) {
      ended = fail(end.failed->error);
    }
    beside.push_back(branch_name(part, i));
  }
  beside.resize(closed);
  return ended ? check_apart(part, bodies.size()) : ended;
}

// A value of another branch is there or not, as it happens.
Result<> Planner::State::check_beside(const std::string& what, const Value& value) const {
  for (const std::string& scope : beside) {
    if (!names_call_in(value, scope)) continue;
    return fail(
        {.code = "plan.beside_unknown",
         .message = what + " needs a value of a call in " + scope + ", which runs at the same time",
         .hint = std::string(kHint) + ", or use the value behind the parallel",
         .category = Category::kPrecondition});
  }
  return {};
}

Result<Answer> Planner::State::remember_read(Result<Answer> answer, std::string_view instance,
                                             const Line& line) {
  if (answer && answer->complete && inside(PartKind::kParallel))
    known_reads.push_back({scopes.here().path + "?", std::string(instance), line});
  return answer;
}

Result<> Planner::parallel(const Part& part, const std::vector<Body>& bodies) {
  State& state = *state_;
  auto open = begin_part(part);
  if (!open) return fail(open.error());
  const std::string id = state.planned(state.parts.back()).id;  // other parts come
  auto ended = state.plan_branches(id, bodies);
  // As while executing, a pcall goes on behind it in vain.
  if (!ended && !(state.inside(PartKind::kPhase) && waits_for_the_run(ended.error())))
    state.stop = ended.error();
  state.leave_part();
  return ended;
}

}  // namespace snapcore
