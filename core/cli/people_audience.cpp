#include "base/text.hpp"
#include "cli/audiences.hpp"
#include "cli/log.hpp"
#include "cli/text/words.hpp"

namespace snapcore {
namespace {

std::string name_of(const PlannedCall& call) { return call.instance + "." + call.operation; }

}  // namespace

void PeopleAudience::say(const std::string& line, Tone tone) {
  output_.say_line(line, tone);
  if (!running_.empty()) output_.live(running_.lines());
}

void PeopleAudience::step_began(std::string_view name) {
  say("Step: " + std::string(name), Tone::kBold);
}

void PeopleAudience::step_ended(std::string_view) {}

void PeopleAudience::call_began(const PlannedCall& call) {
  running_.begin(call.id, (call.step.empty() ? "" : call.step + ": ") + name_of(call));
  if (output_.err_is_terminal()) {
    output_.live(running_.lines());
  } else {
    say("  " + name_of(call) + " begins");
  }
}

void PeopleAudience::call_progress(const PlannedCall& call, std::uint64_t done, std::uint64_t total,
                                   std::string_view message) {
  Progress* progress = running_.find(call.id);
  if (!progress) return;
  progress->report(done, total, message);
  show(*progress);
}

void PeopleAudience::call_goes_on(const PlannedCall& call) {
  if (Progress* progress = running_.find(call.id)) show(*progress);
}

void PeopleAudience::show(Progress& progress) {
  if (output_.err_is_terminal()) {
    output_.live(running_.lines());
  } else if (progress.worth_a_line()) {
    say("  " + progress.line());
  }
}

void PeopleAudience::call_done(const PlannedCall& call, const Value& result) {
  say("  " + name_of(call) + " done, " + describe_seconds(running_.end(call.id)), Tone::kGood);
  if (call.is_act()) return;
  // What a check found is what people want to read.
  for (const Value& words : result.at("words").items()) say("    - " + words.text());
}

void PeopleAudience::call_remembered(const PlannedCall& call) {
  say("  " + name_of(call) + " was done before", Tone::kDim);
}

void PeopleAudience::call_failed(const PlannedCall& call, const Error& error) {
  say("  " + name_of(call) + " FAILED after " + describe_seconds(running_.end(call.id)) + ": " +
          first_line(error.message),
      Tone::kBad);
}

void PeopleAudience::undo_began(const PlannedCall& call) {
  running_.begin(call.id, "undo of " + name_of(call));
  say("  undo of " + name_of(call) + " begins", Tone::kLoud);
}

void PeopleAudience::undo_done(const PlannedCall& call) {
  say("  undo of " + name_of(call) + " done, " + describe_seconds(running_.end(call.id)),
      Tone::kGood);
}

void PeopleAudience::undo_failed(const PlannedCall& call, const Error& error) {
  running_.end(call.id);
  say("  undo of " + name_of(call) + " FAILED: " + error.message, Tone::kBad);
}

void PeopleAudience::note(std::string_view text, const Line& line) {
  const std::string where = to_text(line);
  say("  note: " + std::string(text) + (where.empty() ? "" : " (" + where + ")"));
}

void PeopleAudience::log(int level, std::string_view instance, std::string_view message) {
  log_line(output_, level, instance, message);
}

void LogAudience::log(int level, std::string_view instance, std::string_view message) {
  log_line(output_, level, instance, message);
}

}  // namespace snapcore
