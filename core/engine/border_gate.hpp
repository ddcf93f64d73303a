// The gate at the border of a phase: what came before is told again from the journal, the phase
// itself is planned, and there the runbook ends.
//
// It runs twice, as a plan is made twice, in Lua states of its own: the run that waits at the
// border is not touched.
#pragma once

#include <memory>

#include "engine/executor.hpp"
#include "engine/planner.hpp"

namespace snapcore {

class BorderGate final : public Gate {
 public:
  // With `learned` of a first pass this is the second one. What the border refers to must outlive
  // it.
  BorderGate(PlanRequest request, const Border& border, std::shared_ptr<Learned> learned = nullptr);
  ~BorderGate() override;

  // What the runbook ended with, once it ended. The planned phase, or why there is none.
  Result<Plan> take(const Result<>& runbook_ended);
  std::shared_ptr<Learned> learned() const;

  bool planning() const override;
  Result<> declare(std::string_view summary, const Value& params) override;
  Result<InstanceView> open(std::string_view name, std::optional<Role> role,
                            const Line& line) override;
  Result<Value> args_schema(std::string_view name, std::string_view operation) override;
  Result<Answer> call(std::string_view name, std::string_view operation, Value args,
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

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace snapcore
