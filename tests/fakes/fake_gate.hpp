// A gate with state, for tests of the runbook layer: instances whose operations are functions, and
// a record of what a runbook asked for.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/gate.hpp"

namespace snapcore {

struct FakeOperation {
  Value args = Value::object();  // schemas
  Value result = Value::object();
  std::function<Result<Answer>(const Value& args)> answer = {};  // {} when empty
};

struct FakeInstance {
  std::string plugin = "fake";
  std::vector<Role> roles = {Role::kSource, Role::kTarget};
  std::map<std::string, FakeOperation> operations = {};
};

class FakeGate : public Gate {
 public:
  std::map<std::string, FakeInstance> instances;
  bool is_planning = true;
  Value values = Value::object();
  std::optional<Error> stop;          // set by a test or an operation: the run must stop
  std::map<std::string, bool> whens;  // by the field of a condition; true when absent
  bool forgive_steps = false;         // --on-failure continue
  std::uint64_t random_seed = 1;

  // What was asked, in order: "declare SUMMARY {PARAMS}", "call NAME.OPERATION {ARGS} at
  // FILE:LINE", ...
  std::vector<std::string> log;
  std::vector<Value> args;  // of the calls

  bool planning() const override { return is_planning; }

  Result<> declare(std::string_view summary, const Value& params) override {
    log.push_back("declare " + std::string(summary) + " " + params.dump());
    return {};
  }

  Result<InstanceView> open(std::string_view name, std::optional<Role> role,
                            const Line& line) override {
    const auto found = instances.find(std::string(name));
    if (found == instances.end()) {
      return fail({.code = "site.unknown_instance",
                   .message = "there is no instance '" + std::string(name) + "'"});
    }
    const auto& roles = found->second.roles;
    if (role && std::find(roles.begin(), roles.end(), *role) == roles.end()) {
      return fail({.code = "site.wrong_role", .message = std::string(name) + " has another role"});
    }
    log.push_back("open " + std::string(name) + " at " + to_text(line));
    InstanceView view{std::string(name), found->second.plugin, {}};
    for (const auto& [operation, unused] : found->second.operations)
      view.operations.push_back(operation);
    return view;
  }

  Result<Value> args_schema(std::string_view instance, std::string_view operation) override {
    return instances.at(std::string(instance)).operations.at(std::string(operation)).args;
  }

  Result<Answer> call(std::string_view instance, std::string_view operation, Value given,
                      const Line& line) override {
    if (stop) return fail(*stop);
    log.push_back("call " + std::string(instance) + "." + std::string(operation) + " " +
                  given.dump() + " at " + to_text(line));
    args.push_back(given);
    const FakeOperation& known =
        instances.at(std::string(instance)).operations.at(std::string(operation));
    if (!known.answer) return Answer{.known = Value::object(), .schema = known.result, .call = ""};
    auto answer = known.answer(given);
    if (answer && answer->schema.is_null()) answer->schema = known.result;
    return answer;
  }

  Result<> begin_step(std::string_view name, const Line& line) override {
    log.push_back("step " + std::string(name) + " at " + to_text(line));
    return {};
  }
  void end_step() override { log.push_back("end step"); }
  bool step_failed(const Error& error) override {
    log.push_back("step failed: " + error.message);
    if (forgive_steps) stop.reset();
    return forgive_steps;
  }

  Result<bool> begin_when(const Value& condition, const Line&) override {
    log.push_back("when " + condition.dump());
    const auto found = whens.find(condition.at("$later").at("field").text());
    return found == whens.end() || found->second;
  }
  void end_when() override { log.push_back("end when"); }

  // A retry is made again while its failure is transient and it has rounds left; a wait while it
  // does not hold; of an attempt every handler is run while planning, else the one that fits.
  Result<Next> begin_part(const Part& part) override {
    log.push_back(std::string(to_text(part.kind)) + " " + part.rule.dump() + " at " +
                  to_text(part.line));
    parts.push_back({part, 1});
    if (part.kind == PartKind::kOnRollback && !is_planning) return leave();
    return Next{.what = Next::Do::kBody};
  }
  Result<Next> body_ended(const BodyEnd& end) override {
    auto& [part, round] = parts.back();
    const bool again = end.failed ? end.failed->error.category == Category::kTransient : !end.holds;
    const bool loops =
        part.kind == PartKind::kRetry ? end.failed.has_value() : part.kind == PartKind::kWaitUntil;
    if (!is_planning && loops && again && round < 3) {
      ++round;
      stop.reset();
      log.push_back("again");
      return Next{.what = Next::Do::kBody};
    }
    if (part.kind == PartKind::kAttempt) {
      const auto& codes = part.rule.at("codes").items();
      const auto next = static_cast<std::size_t>(round++) - 1;
      if (is_planning && !end.failed && next < codes.size()) return handler(codes[next].text(), {});
      if (!is_planning && end.failed && next == 0) {
        for (const Value& code : codes) {
          if (code.text() == end.failed->error.code) return handler(code.text(), *end.failed);
        }
      }
    }
    leave();
    if (end.failed) return fail(stop ? *stop : end.failed->error);
    return Next{};
  }
  // One after the other, up to the first that fails.
  Result<> parallel(const Part& part, const std::vector<Body>& bodies) override {
    log.push_back("parallel " + part.rule.dump() + " at " + to_text(part.line));
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      log.push_back("branch " + std::to_string(i + 1));
      const BodyEnd end = bodies[i]();
      if (end.failed) return fail(stop ? *stop : end.failed->error);
    }
    log.emplace_back("leave parallel");
    return {};
  }
  std::vector<std::pair<Part, int>> parts;
  Next handler(const std::string& code, BodyFailure failure) {
    log.push_back("handler " + code);
    stop.reset();
    failure.error.code = code;
    return {.what = Next::Do::kHandler, .code = code, .failure = std::move(failure)};
  }
  Next leave() {
    log.push_back("leave " + std::string(to_text(parts.back().first.kind)));
    parts.pop_back();
    return {};
  }

  void note(std::string_view text, const Line& line) override {
    log.push_back("note " + std::string(text) + " at " + to_text(line));
    notes.emplace_back(text);
  }
  std::vector<std::string> notes;

  Result<Value> outside(std::string_view what) override {
    return Value(what == "now" ? "2026-03-01T04:05:06Z" : "00000000-0000-4000-8000-000000000000");
  }
  Result<Value> ask(const Question& question, const Line& line) override {
    log.push_back("ask " + to_value(question).dump() + " at " + to_text(line));
    return Value(question.choices.empty() ? "an answer" : question.choices.back());
  }
  std::uint64_t seed() const override { return random_seed; }
  const Value& site_values() const override { return values; }
  const Error* stopped() const override { return stop ? &*stop : nullptr; }
};

}  // namespace snapcore
