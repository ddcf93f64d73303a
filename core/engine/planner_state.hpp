// What the planner remembers between the calls of one pass. Only the planner's own files include
// this.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "engine/core_operations.hpp"
#include "engine/guards.hpp"
#include "engine/plan_index.hpp"
#include "engine/planner.hpp"
#include "engine/scopes.hpp"
#include "engine/source_reads.hpp"
#include "plugin/schema.hpp"

namespace snapcore {

// What the run itself brings about first: everything else is wrong now, and will be then.
bool waits_for_the_run(const Error& error);

struct Planner::State {
  State(PlanRequest planned, std::shared_ptr<Learned> known);

  PlanRequest request;
  PlanIndex made_before;  // of the plan that is made again
  std::shared_ptr<Learned> learned;
  bool second = false;
  Plan plan;
  Guards guards;

  Scopes scopes;

  // A part that is open.
  struct OpenPart {
    std::size_t planned = 0;  // in plan.parts
    std::size_t depth = 0;    // of the scopes around it
    std::vector<std::string> ways_left =
        {};  // of an attempt: codes whose handlers come, last first
    std::set<std::string> changed_before = {};  // instances
    std::set<std::string> changed_in_ways = {};
    // Of a phase: how much there was of what is taken out again when it stays an outline.
    struct Before {
      std::size_t steps = 0, restores = 0, choices = 0, concerns = 0, notes = 0, perhaps = 0;
    } before = {};
  };
  std::vector<OpenPart> parts;
  // Scopes of which nobody knows whether their calls will have been made.
  std::vector<std::string> perhaps;
  bool behind_phase = false;  // the last of the plan's phases is over
  std::string step;
  std::string step_id;
  // Of a parallel that is open: branches that are planned already.
  std::vector<std::string> beside;
  // What was answered inside of a parallel.
  struct KnownRead {
    std::string id;
    std::string instance;
    Line line;
  };
  std::vector<KnownRead> known_reads;
  std::set<std::string> changed;         // instances that a planned act changes
  std::map<std::string, Value> schemas;  // result schemas by call id
  std::map<std::pair<std::string, CoreOperation>, Schema> core_schemas;  // of arguments, by plugin
  std::optional<Error> stop;
  std::uint64_t words = 0;     // calls and notes
  std::uint64_t failures = 0;  // of calls
  // Of a call; where too many failed before it the stop instead.
  Error failed(Error error);
  std::uint64_t questions = 0;

  PlannedPart& planned(const OpenPart& part) { return plan.parts[part.planned]; }
  bool inside(PartKind kind) const;
  SourceReads reads() { return {request.instances, request.cancelled, request.audience}; }

  // Every word of the runbook that reaches the core passes here.
  Result<> keep_going();

  // Asks once, in the first pass; the second pass must ask the same and gets the same answer.
  Result<Value> learn(std::map<std::string, Learned::Answered>& answers, const std::string& id,
                      std::string_view instance, std::string_view operation, const Value& args,
                      const std::function<Result<Value>()>& ask);
  Result<Value> read_learned(const std::string& id, Instance& instance, const Operation& operation,
                             const Value& args);
  Error not_deterministic(const std::string& id, std::string_view instance,
                          std::string_view operation, const std::string& first);

  Result<Value> answer_to(const Question& question);
  Result<> check_core_args(CoreOperation which, const Manifest& manifest, const Value& args,
                           const std::string& what);

  // Of a run whose plan is made again; nothing when the run does not know it either.
  std::optional<Result<Value>> planned_before(const PlannedCall& call);
  // The run did it, and goes on behind it: what it changed is as it will be.
  bool is_done(const std::string& call) const;
  std::optional<Value> answered_before(const std::string& id, std::string_view what);
  std::optional<Value> chosen_before(const std::string& id, std::string_view instance,
                                     std::string_view operation, const Value& args);
  // Only if the restore was begun, and nothing of that taken back.
  const PlannedRestore* restored_before(std::string_view id) const;

  Result<> check_place(const Part& part);
  Result<> check_phase(const Part& part) const;
  // Refuses what answers the same in every look of a wait.
  Result<> check_choice(const std::string& what, const Line& line) const;
  // Where the next call goes.
  PlannedPhase& phase_here();
  Result<Next> phase_ended(OpenPart& part, const BodyEnd& end);
  Result<> leave_as_outline(OpenPart& part, const Error& why);
  // Arguments with the values in place that calls before the phase gave.
  Value with_known(const Value& args) const;
  Next next_way(OpenPart& part);
  void leave_part();
  Result<> plan_branches(const std::string& part, const std::vector<Body>& bodies);
  Result<> check_apart(const std::string& part, std::size_t branches) const;
  // Refuses values of calls that are made at the same time.
  Result<> check_beside(const std::string& what, const Value& value) const;
  // Refuses what a part that is open does not hold, and values that may never be known.
  Result<> check_allowed(const PlannedCall& call) const;

  // What an act inside of `outer` names as its own: other runs must keep away from that, too.
  Result<> claim_nested(PlannedCall& outer, const Instance& caller, const NestedCall& nested,
                        const std::string& id);
  // Asks the plugin what the call would do and puts it into the plan.
  Result<Value> plan_call(PlannedCall call, Instance& instance, const Operation& operation);

  Result<Answer> remember_read(Result<Answer> answer, std::string_view instance, const Line& line);
  Result<Answer> read(Instance& instance, const Operation& operation, Value args);
  Result<Answer> choose(CoreOperation which, std::string_view instance, std::string_view operation,
                        const Value& args);
  Result<Value> ask_source(CoreOperation which, std::string_view instance, const Value& args);

  Result<Answer> restore(Instance& target, const Value& args, const Line& line);
  Result<> know_artifact(PlannedRestore& restore, const Value& wanted);
  Result<> know_digest(PlannedRestore& restore);
  // What a restore of the target would take the place of; null when it does not tell.
  Result<Value> inspect(PlannedRestore& restore, Instance& target);
  // Those that an inspection or an examination has told.
  void raise_concerns(const PlannedRestore& restore, const Value& found);
  // The identity of what is restored; null when nobody knows it.
  Result<Value> examine(PlannedRestore& restore, Instance& target);
  Result<> plan_verbs(const PlannedRestore& restore, Instance& target, const Value& replaces,
                      const Value& args, const Line& line);
  Value waived_value() const;
};

}  // namespace snapcore
