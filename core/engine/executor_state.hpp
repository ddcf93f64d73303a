// What the executor remembers between the calls of one run. Only the executor's own files include
// this.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <thread>
#include <unordered_set>

#include "engine/executor.hpp"
#include "engine/nested.hpp"
#include "engine/plan_index.hpp"
#include "engine/scopes.hpp"
#include "engine/source_reads.hpp"
#include "engine/turns.hpp"
#include "engine/undo_stack.hpp"

namespace snapcore {

struct Executor::State {
  explicit State(ExecuteRequest wanted);

  ExecuteRequest request;
  // The plan, and behind it one more for every phase that was planned at its border: what points
  // into an older one stays good.
  std::deque<Plan> grown;
  const Plan& plan() const { return grown.empty() ? request.plan : grown.back(); }
  PlanIndex index{request.plan};  // of plan()
  std::string started;
  RunReport report;

  // What the journal says: of the run before it was gone on with, and of what this process did.
  History known;
  ToldJournal journal;
  RealSleeper real_sleeper;

  std::map<std::string, Value> results;   // of finished calls, by id
  std::set<std::string> done;             // planned calls that were made
  std::unordered_set<std::string> stood;  // ids of all acts that ever did
  std::optional<Error> stopped_for_good;  // no branch goes on behind it
  bool deviated = false;
  bool doubtful = false;  // a call is in doubt: nothing more happens by itself
  bool remade =
      false;  // an act was taken back and is made again: what was verified behind it is open
  bool barred = false;                // the right to act there was lost
  bool refused = false;               // a phase, at its border: somebody has to decide
  bool interrupted = false;           // the operator asked to stop
  bool tried = false;                 // an act on something live was begun
  bool touched = false;               // something live was, or may have been, changed
  bool forgiven = false;              // a step failed and the run went on
  bool over = false;                  // the run cannot go on whatever the runbook does
  std::set<std::string> dead_before;  // targets that were not healthy when their restore began

  // A part that is open.
  struct OpenPart {
    const PlannedPart& planned;
    std::string made;             // its path with the rounds
    std::size_t depth = 0;        // of the scopes around it
    std::size_t standing = 0;     // acts that stood when it began
    int round = 1;                // of a retry or a wait
    std::uint64_t round_seq = 0;  // in the journal, where this round began
    Time deadline = {};           // of a wait
    // Of an attempt that failed before the run was gone on with: its body is only told again, from
    // the journal, so that the runbook knows what it knew.
    bool told_again = false;
    bool in_handler = false;
  };

  // One line of work: the main chunk, or a branch of a parallel. All else here belongs to the run.
  struct Group;
  struct Branch final : Turn {
    Branch(State& whose, Branch* outer, Group* among) : state(whose), parent(outer), group(among) {}
    void give() override;
    void take() override;

    State& state;
    Branch* parent = nullptr;
    Group* group = nullptr;
    bool away = false;                     // gave its turn to others
    std::optional<std::uint64_t> next_up;  // the record that it is about to be told again
    Scopes scopes = {};
    std::string step = {};
    std::string step_id = {};
    std::size_t step_depth = 1;  // of the scopes where it began
    std::vector<OpenPart> parts = {};
    std::vector<StandingAct> standing = {};
    std::optional<Error> stop = {};
    bool stopped_beside = false;             // by the failure of another branch
    std::optional<BodyFailure> failed = {};  // the call that set `stop`
    bool verify_failed = false;              // and that it was a verify
  };
  // The branches of a parallel that is open.
  struct Group {
    const std::vector<Body>& bodies;
    std::size_t limit = 1;
    std::vector<std::unique_ptr<Branch>> branches = {};
    std::vector<std::thread> threads = {};
    std::size_t begun = 0;
    std::size_t entered = 0;  // of those, that had their first turn
    std::size_t running = 0;
    std::optional<BodyFailure> failed = {};  // with what the first one did that failed
  };
  Turns turns;
  Branch main{*this, nullptr, nullptr};
  Branch* here = &main;              // that has its turn
  std::vector<Branch*> live{&main};  // that have begun and not ended

  // In the order of the journal: others with an earlier record go first.
  void wait_for_record(std::uint64_t seq);
  // What stops the branch that has its turn; null: nothing does.
  const Error* stopping();
  Result<const PlannedPart*> open_part(const Part& part);
  void begin_branches(Group& group);
  void branch_ended(Group& group, Branch& branch, const BodyEnd& end);
  void gather_standing(Group& group);
  Result<> after_parallel(const Group& group);

  const PastPart* past_of(const OpenPart& part) const { return known.part(part.made); }
  bool inside(PartKind kind) const;
  // Nothing is open around that would make the body again, or take it back.
  bool in_phases_alone() const;
  // The attempt whose body is told again, or null.
  const OpenPart* telling_again() const;
  // What ended before this is of an earlier round of an open part.
  std::uint64_t round_seq() const;
  Result<> note_part(const std::string& made, std::string_view state, Value more);
  void tell_of(const OpenPart& part, const std::string& what);
  BodyFailure failure_of(const BodyEnd& end) const;
  bool ends_all() const;  // something that no branch goes on behind
  bool may_go_on() const;
  void pass_over_step();
  void go_on();  // behind a failure that was caught
  void count_as_done(std::string_view scope);
  void leave_part();
  bool sleep(std::chrono::seconds time);     // false: interrupted
  Result<Next> give_up(const Error& error);  // leaves the part, which fails with this
  Result<Next> next_round(OpenPart& part, const Error& error, std::chrono::seconds wait);
  Result<Next> retry_ended(OpenPart& part, const BodyEnd& end);
  Result<Next> look_ended(OpenPart& part, const BodyEnd& end);
  // Plans the phase that begins here, unless the plan holds it.
  Result<> reach(const std::string& part);
  Result<Next> phase_ended(const BodyEnd& end);
  Error not_told(const std::string& what);
  Result<Next> attempt_ended(OpenPart& part, const BodyEnd& end);
  Result<> undo_branch(const OpenPart& part);

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

  // Every later call fails with it; the runbook cannot catch it.
  Error halt(Error error);
  Error deviation(std::string message);
  // A call failed: unless a part catches it, the run ends with it.
  Error call_failed(const CallSite& site, Error error);
  // Behind what stands already; an act that was made again takes its own place.
  void stand(StandingAct act);
  std::uint64_t began(const StandingAct& act) const;  // in the journal

  Result<> record(std::string_view type, const Value& body);
  Result<Value> resolve(const Value& args) const;

  // The planned call that this one is, or a deviation.
  Result<const PlannedCall*> match(const std::string& id, std::string_view instance,
                                   std::string_view operation, const Value& args);

  // What the journal knows of a call before it is made.
  struct Recalled {
    std::optional<Result<Value>> answer = {};  // when it is not to be made again
    int attempt = 1;
    Value checkpoint = {};
    std::vector<OpenedInput> inputs = {};
    bool undone = false;  // it answers, and does not stand any more
  };
  // With what is to be taken back in `act`. An error holds the run: a call is in doubt.
  Result<Recalled> recall(const CallSite& site, StandingAct& act);
  // As it was when the body failed: answered, or failed with what the attempt failed with.
  Result<Recalled> tell_again(const OpenPart& part, const PastCall* past);
  // One of the calls that were made inside of it.
  bool nested_taken_back(const PastCall& past) const;
  // Null when nothing of it was taken back.
  const PastCall* activation_taken_back(const CallSite& stage) const;
  Result<Recalled> stage_anew(const CallSite& site, const PastCall& past,
                              const PastCall& activation, StandingAct& act);
  Result<Recalled> finish_undoing(const CallSite& site, const PastCall& past, StandingAct& act);
  Result<Recalled> settle(const CallSite& site, const PastCall& past, StandingAct& act);
  Result<Recalled> ask_plugin(const CallSite& site, const PastCall& past, StandingAct& act);
  Error in_doubt(const CallSite& site, const std::string& why);
  std::vector<StandingAct> nested_before(const std::string& id, const PlannedCall& shown);

  // One verify or act, between its two records.
  Result<Value> execute(const PlannedCall& planned, std::shared_ptr<Instance> instance,
                        const Operation& operation, std::vector<OpenedInput>* inputs = nullptr);
  Result<Value> execute_nested(const PlannedCall& outer, StandingAct& parent,
                               const Instance& caller, const NestedRequest& nested);
  // Keeps whether anything live was to be changed, and whether it was.
  void count_tried(const PlannedCall& planned, const StandingAct& act, bool left_something);
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
  Result<bool> inspect_again(const PlannedRestore& restore, Instance& target);
  Result<> look_again(const PlannedRestore& restore, Instance& target);
  bool was_activated(const PlannedRestore& restore) const;
  Result<Value> restore_verb(const PlannedRestore& restore, const std::shared_ptr<Instance>& target,
                             const char* verb, const Value& all,
                             std::vector<OpenedInput>* inputs = nullptr);
  Result<> check_bytes(const PlannedRestore& restore, const std::vector<OpenedInput>& inputs);

  std::string idempotency_key(std::string_view call_id) const;
  UndoScene undo_scene();
  // Takes back what stands last. False: it could not be, and the report says why.
  bool undo_newest();
  Result<Next> add_to_the_way_back(const PlannedPart& part);
  void undo_down_to_the_dead();
  // What stands by the journal in `scope` and was not told again, because a failure came first,
  // stands here, too; `from` is where that begins among what stands.
  Result<> stand_by_the_journal(std::string_view scope = {}, std::size_t from = 0);
  void warn_of_the_way_back();
  bool was_dead_before(const StandingAct& act) const;
  Ending ending_after_failure();
  Ending ending_after_interruption();
};

}  // namespace snapcore
