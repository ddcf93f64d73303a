#include "cli/audiences.hpp"
#include "cli/log.hpp"
#include "cli/text/words.hpp"

namespace snapcore {
namespace {

std::string name_of(const PlannedCall& call) { return call.instance + "." + call.operation; }

}  // namespace

void PeopleAudience::step_began(std::string_view name) {
  output_.say_line("Step: " + std::string(name), Tone::kBold);
}

void PeopleAudience::step_ended(std::string_view) {}

void PeopleAudience::call_began(const PlannedCall& call) {
  const std::string title = (call.step.empty() ? "" : call.step + ": ") + name_of(call);
  progress_.begin(title);
  if (output_.err_is_terminal()) {
    output_.live(title + " ...");
  } else {
    output_.say_line("  " + name_of(call) + " begins");
  }
}

void PeopleAudience::call_progress(const PlannedCall&, std::uint64_t done, std::uint64_t total,
                                   std::string_view message) {
  progress_.report(done, total, message);
  if (output_.err_is_terminal()) {
    output_.live(progress_.line());
  } else if (progress_.worth_a_line()) {
    output_.say_line("  " + progress_.line());
  }
}

void PeopleAudience::call_done(const PlannedCall& call, const Value& result) {
  output_.say_line("  " + name_of(call) + " done, " + describe_seconds(progress_.seconds()),
                   Tone::kGood);
  if (call.is_act()) return;
  // What a check found is what people want to read.
  for (const Value& words : result.at("words").items()) output_.say_line("    - " + words.text());
}

void PeopleAudience::call_remembered(const PlannedCall& call) {
  output_.say_line("  " + name_of(call) + " was done before", Tone::kDim);
}

void PeopleAudience::call_failed(const PlannedCall& call, const Error& error) {
  output_.say_line("  " + name_of(call) + " FAILED after " + describe_seconds(progress_.seconds()) +
                       ": " + error.message.substr(0, error.message.find('\n')),
                   Tone::kBad);
}

void PeopleAudience::undo_began(const PlannedCall& call) {
  progress_.begin("undo of " + name_of(call));
  output_.say_line("  undo of " + name_of(call) + " begins", Tone::kLoud);
}

void PeopleAudience::undo_done(const PlannedCall& call) {
  output_.say_line("  undo of " + name_of(call) + " done, " + describe_seconds(progress_.seconds()),
                   Tone::kGood);
}

void PeopleAudience::undo_failed(const PlannedCall& call, const Error& error) {
  output_.say_line("  undo of " + name_of(call) + " FAILED: " + error.message, Tone::kBad);
}

void PeopleAudience::note(std::string_view text, const Line& line) {
  const std::string where = to_text(line);
  output_.say_line("  note: " + std::string(text) + (where.empty() ? "" : " (" + where + ")"));
}

void PeopleAudience::log(int level, std::string_view instance, std::string_view message) {
  log_line(output_, level, instance, message);
}

void LogAudience::log(int level, std::string_view instance, std::string_view message) {
  log_line(output_, level, instance, message);
}

}  // namespace snapcore
