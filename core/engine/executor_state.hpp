// What the executor remembers between the calls of one run. Only the executor's own files include
// this.
#pragma once

#include <map>
#include <set>

#include "engine/executor.hpp"
#include "engine/nested.hpp"
#include "engine/source_reads.hpp"
#include "engine/undo_stack.hpp"

namespace snapcore {

struct Executor::State {
  explicit State(ExecuteRequest wanted);

  ExecuteRequest request;
  std::string started;
  RunReport report;

  struct Scope {
    std::string path;
    std::uint64_t calls = 0;
    std::uint64_t reads = 0;
    std::uint64_t whens = 0;
  };
  std::vector<Scope> scopes = {{.path = "root"}};
  std::string step;

  std::map<std::string, Value> results;  // of finished calls, by id
  std::set<std::string> done;            // planned calls that were made
  std::vector<StandingAct> standing;
  std::optional<Error> stop;
  bool deviated = false;
  bool doubtful = false;              // a call is in doubt: nothing more happens by itself
  bool barred = false;                // the right to act there was lost
  bool interrupted = false;           // the operator asked to stop
  bool touched = false;               // something live was, or may have been, changed
  bool forgiven = false;              // a step failed and the run went on
  std::set<std::string> dead_before;  // targets that were not healthy when their restore began

  Scope& scope() { return scopes.back(); }
  std::string next_call() { return scope().path + "#" + std::to_string(++scope().calls); }
  std::string next_read() { return scope().path + "?" + std::to_string(++scope().reads); }

  // Every later call fails with it; the runbook cannot catch it.
  Error halt(Error error);
  Error deviation(std::string message);

  Result<> record(std::string_view type, const Value& body);
  Result<Value> resolve(const Value& args) const;

  // The planned call that this one is, or a deviation.
  Result<const PlannedCall*> match(const std::string& id, std::string_view instance,
                                   std::string_view operation, const Value& args);

  // A verify or an act that is to be made.
  struct CallSite {
    std::string id;
    std::string parent;        // of a nested call, else ""
    const PlannedCall& shown;  // of a nested call the outermost one
    std::shared_ptr<Instance> instance;
    const Operation& operation;
    Value planned_args;  // as the plan and the journal have them
    Value args;
  };

  // What the journal knows of a call before it is made.
  struct Recalled {
    std::optional<Result<Value>> answer = {};  // when it is not to be made again
    int attempt = 1;
    Value checkpoint = {};
    std::vector<OpenedInput> inputs = {};
  };
  // With what is to be taken back in `act`. An error holds the run: a call is in doubt.
  Result<Recalled> recall(const CallSite& site, StandingAct& act);
  Result<Recalled> settle(const CallSite& site, const PastCall& past, StandingAct& act);
  Result<Recalled> ask_plugin(const CallSite& site, const PastCall& past, StandingAct& act);
  Error in_doubt(const CallSite& site, const std::string& why);
  std::vector<StandingAct> nested_before(const std::string& id, const PlannedCall& shown);

  // One verify or act, between its two records.
  Result<Value> execute(const PlannedCall& planned, std::shared_ptr<Instance> instance,
                        const Operation& operation, std::vector<OpenedInput>* inputs = nullptr);
  Result<Value> execute_nested(const PlannedCall& outer, StandingAct& parent,
                               const Instance& caller, const NestedRequest& nested);
  Result<Value> remember(const CallSite& site, StandingAct act, Recalled before);
  Result<Value> make(const CallSite& site, StandingAct act, const Recalled& before,
                     std::vector<OpenedInput>* inputs);
  LiveCall live_call(const CallSite& site, StandingAct& act);
  StandingAct act_of(const CallSite& site) const;
  Result<> begin(const CallSite& site, int attempt);
  Result<> end(const CallSite& site, const LiveCall::Answered& answered, double seconds);

  // A read of the runbook: once the run went on behind its answer, it answers that again.
  Result<Value> recorded_read(Instance& instance, const Operation& operation, Value args);
  Result<Value> read(Instance& instance, const Operation& operation, Value args);
  Result<Answer> choice(std::string_view instance, std::string_view operation, const Value& args,
                        const Value& schema);

  Result<Answer> restore(const std::shared_ptr<Instance>& target, const Value& args);
  Result<> look_again(const PlannedRestore& restore, Instance& target);
  bool was_activated(const PlannedRestore& restore) const;
  Result<Value> restore_verb(const PlannedRestore& restore, const std::shared_ptr<Instance>& target,
                             const char* verb, const Value& all,
                             std::vector<OpenedInput>* inputs = nullptr);
  Result<> check_bytes(const PlannedRestore& restore, const std::vector<OpenedInput>& inputs);

  std::string idempotency_key(std::string_view call_id) const;
  UndoScene undo_scene();
  void undo_down_to_the_dead();
  Ending ending_after_failure();
  Ending ending_after_interruption();
};

}  // namespace snapcore
