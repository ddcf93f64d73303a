// The two who watch a run: a person, and a program that reads JSON lines.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "engine/audience.hpp"

namespace snapcore {

// The calls that are going on, each with its own measure, in the order in which they began.
class RunningCalls {
 public:
  explicit RunningCalls(Stopwatch now) : now_(std::move(now)) {}

  // What the same branch of the runbook did before has ended, whoever forgot to say so.
  Progress& begin(const std::string& id, std::string title);
  Progress* find(const std::string& id);  // null when it did not begin
  double end(const std::string& id);      // how long it took, in seconds
  std::vector<std::string> lines() const;
  bool empty() const { return calls_.empty(); }

 private:
  struct Call {
    std::string id;
    Progress progress;
  };
  Stopwatch now_;
  std::vector<Call> calls_;
};

// Lines on stderr: live ones on a terminal, one a call, else one every few seconds.
class PeopleAudience final : public Audience {
 public:
  PeopleAudience(Output& output, Stopwatch now) : output_(output), running_(std::move(now)) {}

  void step_began(std::string_view name) override;
  void step_ended(std::string_view name) override;
  void call_began(const PlannedCall& call) override;
  void call_progress(const PlannedCall& call, std::uint64_t done, std::uint64_t total,
                     std::string_view message) override;
  void call_goes_on(const PlannedCall& call) override;
  void call_done(const PlannedCall& call, const Value& result) override;
  void call_remembered(const PlannedCall& call) override;
  void call_failed(const PlannedCall& call, const Error& error) override;
  void undo_began(const PlannedCall& call) override;
  void undo_done(const PlannedCall& call) override;
  void undo_failed(const PlannedCall& call, const Error& error) override;
  void note(std::string_view text, const Line& line) override;
  void log(int level, std::string_view instance, std::string_view message) override;

 private:
  // What stays, above the lines of the calls that go on.
  void say(const std::string& line, Tone tone = Tone::kPlain);
  void show(Progress& progress);

  Output& output_;
  RunningCalls running_;
};

// Events: step, call, progress, undo, note, log.
class JsonAudience final : public Audience {
 public:
  JsonAudience(Output& output, Stopwatch now) : output_(output), running_(std::move(now)) {}

  void step_began(std::string_view name) override;
  void step_ended(std::string_view name) override;
  void call_began(const PlannedCall& call) override;
  void call_progress(const PlannedCall& call, std::uint64_t done, std::uint64_t total,
                     std::string_view message) override;
  void call_done(const PlannedCall& call, const Value& result) override;
  void call_remembered(const PlannedCall& call) override;
  void call_failed(const PlannedCall& call, const Error& error) override;
  void undo_began(const PlannedCall& call) override;
  void undo_done(const PlannedCall& call) override;
  void undo_failed(const PlannedCall& call, const Error& error) override;
  void note(std::string_view text, const Line& line) override;
  void log(int level, std::string_view instance, std::string_view message) override;

 private:
  void call_event(std::string_view type, std::string_view state, const PlannedCall& call,
                  Value more);

  Output& output_;
  RunningCalls running_;
};

// While planning nobody but the log is heard.
class LogAudience final : public Audience {
 public:
  explicit LogAudience(Output& output) : output_(output) {}
  void log(int level, std::string_view instance, std::string_view message) override;

 private:
  Output& output_;
};

std::unique_ptr<Audience> make_audience(Output& output);

}  // namespace snapcore
