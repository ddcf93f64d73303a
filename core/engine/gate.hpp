// The gate: the part of the core that every call of a runbook passes.
//
// A runbook runs three times against a gate: twice to plan (engine/planner.hpp) and once to execute
// what was approved (engine/executor.hpp). It cannot tell them apart but by what is known: while
// planning, the result of an act holds only what its plugin predicted.
#pragma once

#include <functional>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/manifest.hpp"

namespace snapcore {

// A line of a runbook, as people are shown it: "dr-full.lua:12".
struct Line {
  std::string file;
  int number = 0;
};
std::string to_text(const Line& line);  // "" when there is none

// What a call answers. `known` holds the fields whose values are known; while `complete` is false,
// a field that `schema` names and `known` lacks is known only after execution.
struct Answer {
  Value known;
  Value schema;      // JSON Schema of the whole result
  std::string call;  // names the call in later(): "root#3"; "" for a read
  bool complete = true;
};

// {"$later": {"call": "root#3", "field": "vmid", "type": "integer"}}: stands for a value in
// arguments.
Value later_value(std::string_view call, std::string_view field, std::string_view type);
bool is_later(const Value& value);

// What a runbook may know of an instance before it calls anything.
struct InstanceView {
  std::string name;
  std::string plugin;
  std::vector<std::string>
      operations;              // the plugin's, then the core's own (latest, list, stat, restore)
  bool any_operation = false;  // nobody knows which there are: no site was found
};

// While a runbook is only checked nobody is asked anything, and what only a live system knows can
// be used like any other value, so that the lines behind it are looked at as well.
struct Checking {
  bool says = true;      // what a yes-or-no that nobody knows answers
  bool guessed = false;  // from here on the way through the runbook may not be the real one
  struct Finding {
    Line line;
    Error error;
  };
  std::vector<Finding> findings = {};
};

// Stands for a text that nobody knows, or a part of one. One byte, so that it is never cut in two.
inline constexpr std::string_view kNobodyKnows = "\x1a";
bool holds_what_nobody_knows(const Value& value);

// A word whose body has a scope and rules of its own.
enum class PartKind { kRetry, kWaitUntil, kAttempt, kOnRollback, kPhase, kParallel };
std::string_view to_text(PartKind kind);
std::optional<PartKind> part_kind_from(std::string_view text);

struct Part {
  PartKind kind = PartKind::kRetry;
  // retry: {times, wait}; wait_until: {timeout, every}; attempt: {codes}, sorted; durations as
  // text. phase: {name, within}; within: null, or as to_value(Bounds) gives it.
  // parallel: {limit, branches}.
  Value rule = {};
  Line line = {};
};

// What a runbook asks the person who plans it.
struct Question {
  std::string text = {};
  std::string name = {};  // for the command line; "" for the number of the question
  std::vector<std::string> choices = {};
  std::optional<std::string> otherwise = {};  // when nothing is answered, or nobody is there
};
Value to_value(const Question& question);

// What a body failed with.
struct BodyFailure {
  Error error = {};
  std::string step = {};
  std::string plugin = {};
};

struct BodyEnd {
  bool holds = true;  // what the function gave is neither false nor nil
  std::optional<BodyFailure> failed = {};
};

// What a runbook does next in a part that is open.
struct Next {
  enum class Do { kBody, kHandler, kLeave } what = Do::kLeave;
  std::string code = {};     // whose handler
  BodyFailure failure = {};  // what the handler is given; while planning it has a code and no more
};

class Gate {
 public:
  virtual ~Gate() = default;

  virtual bool planning() const = 0;

  // What the runbook says of itself, once, before anything else. `params` are its resolved
  // parameters.
  virtual Result<> declare(std::string_view summary, const Value& params) = 0;

  // `role` asserts one. "site.unknown_instance", "site.wrong_role", or why its plugin cannot be
  // loaded.
  virtual Result<InstanceView> open(std::string_view instance, std::optional<Role> role,
                                    const Line& line) = 0;

  // The schema of the arguments of one operation, for the conversion of tables.
  // "runbook.unknown_operation" lists those there are.
  virtual Result<Value> args_schema(std::string_view instance, std::string_view operation) = 0;

  virtual Result<Answer> call(std::string_view instance, std::string_view operation, Value args,
                              const Line& line) = 0;

  // A named part for people. Steps do not nest.
  virtual Result<> begin_step(std::string_view name, const Line& line) = 0;
  virtual void end_step() = 0;
  // The step's body failed. True: the failure is on record, go on with what follows (--on-failure
  // continue).
  virtual bool step_failed(const Error& /*error*/) { return false; }

  // A conditional scope on a later() value. True: run the body (always, while planning). Calls
  // between begin and end belong to the scope; end_when is called only after a true.
  virtual Result<bool> begin_when(const Value& condition, const Line& line) = 0;
  virtual void end_when() = 0;

  // Opens the scope of a part and says whether its body is run. Afterwards each body, and each
  // handler, is followed by body_ended(), until that says kLeave or fails: then the part is closed.
  // An error of body_ended() is what the part as a whole fails with.
  virtual Result<Next> begin_part(const Part& part) = 0;
  virtual Result<Next> body_ended(const BodyEnd& end) = 0;

  // Runs the bodies beside each other, each once at most and in a scope of its own: while executing
  // on threads of their own, of which one at a time is in Lua or in the gate; else one after the
  // other. Returns when all have ended, with what failed first.
  using Body = std::function<BodyEnd()>;
  virtual Result<> parallel(const Part& part, const std::vector<Body>& bodies) = 0;

  virtual void note(std::string_view text, const Line& line) = 0;

  // Recorded outside values: "now" (RFC 3339 text), "uuid".
  virtual Result<Value> outside(std::string_view what) = 0;
  virtual Result<Value> ask(const Question& question, const Line& line) = 0;
  // Seed of math.random; the same in every pass over one plan.
  virtual std::uint64_t seed() const = 0;

  // Site values, read-only for runbooks.
  virtual const Value& site_values() const = 0;

  // Set once the run must stop: nothing the runbook catches may let it go on. The runbook layer
  // arms its sticky stop as soon as a gate function returned and this is not null.
  virtual const Error* stopped() const = 0;

  // Not null while the runbook is only checked.
  virtual Checking* checking() { return nullptr; }
};

}  // namespace snapcore
