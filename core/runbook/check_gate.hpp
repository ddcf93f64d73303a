// The gate while a runbook is only checked: no instance is opened and nobody is asked.
//
// It knows the site and the manifests of its plugins, compares what a runbook asks for with them,
// and puts what does not fit on record. Every call answers that nothing is known yet.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/gate.hpp"
#include "engine/instances.hpp"

namespace snapcore {

// How a pass ends that has made more calls than are worth looking at: a loop that waits for what
// never comes, most likely. It is no mistake of the runbook.
inline constexpr std::string_view kCheckedFarEnough = "check.far_enough";

class CheckGate final : public Gate {
 public:
  // Without instances no site was found, and neither names nor operations are compared. `says` is
  // what a yes-or-no that nobody knows answers in this pass.
  CheckGate(Instances* instances, bool says) : instances_(instances) { checking_.says = says; }

  bool planning() const override { return true; }
  Result<> declare(std::string_view summary, const Value& params) override;
  Result<InstanceView> open(std::string_view name, std::optional<Role> role,
                            const Line& line) override;
  Result<Value> args_schema(std::string_view name, std::string_view operation) override;
  Result<Answer> call(std::string_view name, std::string_view operation, Value args,
                      const Line& line) override;
  Result<> begin_step(std::string_view name, const Line& line) override;
  void end_step() override { step_.clear(); }
  Result<bool> begin_when(const Value&, const Line&) override;
  void end_when() override {}
  // The body, and then each handler.
  Result<Next> begin_part(const Part& part) override;
  Result<Next> body_ended(const BodyEnd& end) override;
  Result<> parallel(const Part& part, const std::vector<Body>& bodies) override;
  void note(std::string_view, const Line&) override { (void)keep_going(); }
  Result<Value> outside(std::string_view what) override;
  // The first of the choices in one pass, the last in the other.
  Result<Value> ask(const Question& question, const Line& line) override;
  std::uint64_t seed() const override { return 1; }
  const Value& site_values() const override;
  const Error* stopped() const override { return far_enough_ ? &*far_enough_ : nullptr; }
  Checking* checking() override { return &checking_; }

 private:
  struct OpenPart {
    std::vector<std::string> codes = {};  // of handlers still to be looked at, the next one last
    bool waits = false;
  };
  struct Shape {
    Value args;
    Value result;
  };

  // A runbook that does not come to an end is checked far enough.
  Result<> keep_going();
  // Null when nobody knows which plugin it is.
  Result<const Manifest*> manifest_of(std::string_view name);
  // Open schemas when nobody knows.
  Shape shape_of(std::string_view name, std::string_view operation);
  void compare(const std::string& what, const Value& schema, Value args, const Line& line);
  void check_choice(std::string_view name, std::string_view operation, const Line& line);
  void check_bounds(const Part& part);
  void report(const Line& line, Error error);

  Instances* instances_;
  Checking checking_;
  std::string step_;
  std::vector<OpenPart> parts_;
  bool in_parallel_ = false;
  std::size_t words_ = 0;
  std::optional<Error> far_enough_;
};

}  // namespace snapcore
