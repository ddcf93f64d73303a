// The two who watch a run: a person, and a program that reads JSON lines.
#pragma once

#include <memory>

#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "engine/audience.hpp"

namespace snapcore {

// Lines on stderr: a live one on a terminal, else one every few seconds.
class PeopleAudience final : public Audience {
 public:
  PeopleAudience(Output& output, Stopwatch now) : output_(output), progress_(std::move(now)) {}

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
  Output& output_;
  Progress progress_;
};

// Events: step, call, progress, undo, note, log.
class JsonAudience final : public Audience {
 public:
  JsonAudience(Output& output, Stopwatch now) : output_(output), now_(std::move(now)) {}

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
  Stopwatch now_;
  double began_ = 0;
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
