// What the planner remembers between the calls of one pass. Only the planner's own files include
// this.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "engine/core_operations.hpp"
#include "engine/guards.hpp"
#include "engine/planner.hpp"
#include "engine/source_reads.hpp"

namespace snapcore {

struct Planner::State {
  State(PlanRequest planned, std::shared_ptr<Learned> known);

  PlanRequest request;
  std::shared_ptr<Learned> learned;
  bool second = false;
  Plan plan;
  Guards guards;

  struct Scope {
    std::string path;
    std::uint64_t calls = 0;
    std::uint64_t reads = 0;
    std::uint64_t whens = 0;
    Value condition;
  };
  std::vector<Scope> scopes = {{.path = "root", .condition = {}}};
  std::string step;
  std::set<std::string> changed;         // instances that a planned act changes
  std::map<std::string, Value> schemas;  // result schemas by call id
  std::optional<Error> stop;
  std::uint64_t words = 0;  // calls and notes

  Scope& scope() { return scopes.back(); }
  std::string next_call() { return scope().path + "#" + std::to_string(++scope().calls); }
  std::string next_read() { return scope().path + "?" + std::to_string(++scope().reads); }
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

  // Asks the plugin what the call would do and puts it into the plan.
  Result<Value> plan_call(PlannedCall call, Instance& instance, const Operation& operation);

  Result<Answer> read(Instance& instance, const Operation& operation, Value args);
  Result<Answer> choose(CoreOperation which, std::string_view instance, std::string_view operation,
                        const Value& args);
  Result<Value> ask_source(CoreOperation which, std::string_view instance, const Value& args);

  Result<Answer> restore(Instance& target, const Value& args, const Line& line);
  Result<> know_artifact(PlannedRestore& restore, const Value& wanted);
  Result<> know_digest(PlannedRestore& restore);
  Result<> inspect(PlannedRestore& restore, Instance& target);
  // The identity of what is restored; null when nobody knows it.
  Result<Value> examine(PlannedRestore& restore, Instance& target);
  Result<> plan_verbs(const PlannedRestore& restore, Instance& target, const Value& args,
                      const Line& line);
  Value waived_value() const;
};

}  // namespace snapcore
