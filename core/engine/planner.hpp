// The gate while planning: reads are real, acts are asked what they would do.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/clock.hpp"
#include "engine/audience.hpp"
#include "engine/gate.hpp"
#include "engine/instances.hpp"
#include "engine/later.hpp"
#include "engine/person.hpp"
#include "engine/plan.hpp"

namespace snapcore {

class History;

struct Waiver {
  std::string guard;
  std::string reason;
};

struct PlanRequest {
  Instances& instances;
  const Clock& clock;
  std::vector<Waiver> waivers = {};
  std::vector<std::string> accept_loss = {};
  Audience* audience = nullptr;                  // may be null
  const std::atomic<bool>* cancelled = nullptr;  // may be null
  // A saved plan that is made again: its id, and what now and uuid answered, are taken from it.
  const Plan* like = nullptr;
  // A phase that is reached: its scope, and what calls before it gave.
  std::string within = {};
  ResultOf result_of = {};
  // Of a run whose plan is made again: what it did is done, and stands in the plan as it stood in
  // `like`.
  const History* past = nullptr;
  Person* person = nullptr;                         // asked what a runbook asks; may be null
  std::map<std::string, std::string> answers = {};  // given beforehand, by the question's name
};

// Everything a planning pass learned from outside, so that a second pass learns the same.
struct Learned {
  struct Answered {
    std::string instance;
    std::string operation;
    Value args;
    Result<Value> answer;
  };
  std::map<std::string, Answered> reads;  // by id
  std::map<std::string, Answered> plans;  // results of plan entries, by call id
  std::map<std::string, Value> outside;   // now, uuid
  std::uint64_t seed = 0;
};

class Planner final : public Gate {
 public:
  // With `learned` of a first pass this is the second one: it asks nobody anything again.
  explicit Planner(PlanRequest request, std::shared_ptr<Learned> learned = nullptr);
  ~Planner() override;

  bool planning() const override { return true; }
  Result<> declare(std::string_view summary, const Value& params) override;
  Result<InstanceView> open(std::string_view name, std::optional<Role> role,
                            const Line& line) override;
  Result<Value> args_schema(std::string_view name, std::string_view operation) override;
  Result<Answer> call(std::string_view name, std::string_view operation_name, Value args,
                      const Line& line) override;
  Result<> begin_step(std::string_view name, const Line& line) override;
  void end_step() override;
  Result<bool> begin_when(const Value& condition, const Line& line) override;
  void end_when() override;
  Result<Next> begin_part(const Part& part) override;
  Result<Next> body_ended(const BodyEnd& end) override;
  Result<> parallel(const Part& part, const std::vector<Body>& bodies) override;
  void note(std::string_view text, const Line& line) override;
  Result<Value> outside(std::string_view what) override;
  Result<Value> ask(const Question& asked, const Line& line) override;
  std::uint64_t seed() const override;
  const Value& site_values() const override;
  const Error* stopped() const override;

  std::shared_ptr<Learned> learned() const;
  // The plan so far; call once, when the runbook has ended. The caller adds the code.
  Plan take();

 private:
  Result<Answer> plan_one(std::string_view name, std::string_view operation_name, Value args,
                          const Line& line);

  struct State;
  std::unique_ptr<State> state_;
};

// Of a plan that was made again for a run: it holds everything that stands of what the run did.
// "run.done_differs" names what it does not.
Result<> check_holds_what_was_done(const Plan& plan, const History& past);

// Error codes with this prefix are refusals of a guard: exit 3.
inline constexpr std::string_view kGuardPrefix = "guard.";

// Passes what `--accept-loss` and the guards demand of a finished plan: every point of no return
// accepted by name, no refused concern. "guard.loss_not_accepted", "guard.<name>".
Result<> check_promises(const Plan& plan);

}  // namespace snapcore
