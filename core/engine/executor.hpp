// The gate while executing: what the approved plan holds passes, anything else stops the run.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/file_system.hpp"
#include "base/sleeper.hpp"
#include "engine/audience.hpp"
#include "engine/gate.hpp"
#include "engine/history.hpp"
#include "engine/instances.hpp"
#include "engine/plan.hpp"
#include "journal/journal.hpp"
#include "site/site.hpp"

namespace snapcore {

// Where a phase begins that could not be planned before.
struct Border {
  const Plan& plan;  // as approved, with the phases before this one
  const PlannedPart& phase;
  const History& known;  // what the run did so far
  std::string run_id;
  OnFailure on_failure;
};

// A phase that may be done, and why: "within its bounds", "prompt", "digest".
struct Admitted {
  Plan phase;
  std::string how;
};

struct ExecuteRequest {
  Instances& instances;
  const Clock& clock;
  const Plan& plan;
  std::string run_id;
  Journal& journal;
  OnFailure on_failure = OnFailure::kRollback;
  std::filesystem::path scratch_root;  // for scratch directories of calls
  Audience& audience;
  const std::atomic<bool>& cancelled;
  std::string started = {};  // of the run, RFC 3339; else the history's, else now
  // Of a run that is gone on with: what it did is not done again.
  const History* history = nullptr;
  Sleeper* sleeper = nullptr;  // for the waits of retry and wait_until; null: really waits
  // Asked right before every act: may this run still change something there?
  std::function<Result<>(const PlannedCall&)> may_act = {};
  // Plans a phase that is reached, and has it approved where it goes beyond its bounds; not called
  // for one that the plan holds. A refusal ("guard.", "approval.", "lease.") holds the run, so that
  // somebody can decide and resume it; any other error is a failure.
  std::function<Result<Admitted>(const Border&)> at_border = {};
  // Nothing is made: what the history does not know of is a deviation.
  bool only_told = false;
};

// How a run ended. The numbers are the exit codes.
enum class Ending : int {
  kDone = 0,
  kDoneWithWarnings = 1,
  kFailedUntouched = 2,  // before anything live was touched; what was staged is removed
  kUndone = 5,           // failed in or after an activation, and undone
  kInterrupted = 6,      // stopped as asked; can be gone on with, or taken back
  kNeedsPerson = 7,      // held, rollback incomplete, in doubt, deviation
};

// One act that is still in effect at the end.
struct Standing {
  std::string call;
  std::string instance;
  std::string operation;
  std::vector<std::string> words;  // what it did, for people
  std::vector<std::string> shell;  // commands that put the old back, newest act first
  Value kept;                      // handle of what is kept aside, or null
  bool half_undone = false;        // its way back failed in the middle
};

// One step of the way back: an act that is taken back, or what the runbook adds there.
struct BackStep {
  std::string call = {};
  std::string name = {};                // "kv.activate"
  std::vector<std::string> words = {};  // what is done then
  std::vector<std::string> shell = {};  // commands that do it
  std::string no_way_back = {};         // why it cannot be taken back
  bool added = false;                   // by on_rollback: it is made, not taken back
};

struct RunReport {
  Ending ending = Ending::kDone;
  std::optional<Error> error;           // what went wrong first
  std::optional<Error> rollback_error;  // what stopped the rollback
  std::vector<Standing> standing;
  std::vector<BackStep> way_back;   // in the order in which it is gone
  std::vector<std::string> undone;  // words, in the order it happened
  std::vector<std::size_t> made;    // places in `undone` of what an on_rollback did there
  std::vector<std::string> warnings;
  bool went_on = false;  // behind a step that failed: resumed, it is not tried again
  struct Done {
    std::string step;
    std::string instance;
    std::string operation;
    std::vector<std::string> words;
    double seconds = 0;
    std::uint64_t bytes = 0;
    bool before = false;  // not now, but before the run was gone on with
    bool undone = false;  // then, too
    bool act = true;      // else a check
  };
  std::vector<Done> done;
};

class Executor final : public Gate {
 public:
  explicit Executor(ExecuteRequest request);
  ~Executor() override;

  bool planning() const override { return false; }
  Result<> declare(std::string_view summary, const Value& params) override;
  Result<InstanceView> open(std::string_view name, std::optional<Role> role,
                            const Line& line) override;
  Result<Value> args_schema(std::string_view name, std::string_view operation) override;
  Result<Answer> call(std::string_view name, std::string_view operation_name, Value args,
                      const Line& line) override;
  Result<> begin_step(std::string_view name, const Line& line) override;
  void end_step() override;
  bool step_failed(const Error& error) override;
  Result<bool> begin_when(const Value& condition, const Line& line) override;
  void end_when() override;
  Result<Next> begin_part(const Part& part) override;
  Result<Next> body_ended(const BodyEnd& end) override;
  Result<> parallel(const Part& part, const std::vector<Body>& bodies) override;
  void note(std::string_view text, const Line& line) override;
  Result<Value> outside(std::string_view what) override;
  Result<Value> ask(const Question& question, const Line& line) override;
  std::uint64_t seed() const override;
  const Value& site_values() const override;
  const Error* stopped() const override;

  // Call once, with what the runbook ended with. Checks that nothing planned was left out, undoes
  // or holds after a failure, and writes the journal's last record.
  RunReport finish(Result<> runbook_ended);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace snapcore
