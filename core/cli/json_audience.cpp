#include <cmath>

#include "cli/audiences.hpp"
#include "cli/log.hpp"

namespace snapcore {
namespace {

double in_milliseconds(double seconds) { return std::round(seconds * 1000) / 1000; }

}  // namespace

void JsonAudience::call_event(std::string_view type, std::string_view state,
                              const PlannedCall& call, Value more) {
  more["state"] = state;
  more["call"] = call.id;
  more["step"] = call.step;
  more["instance"] = call.instance;
  more["operation"] = call.operation;
  output_.event(type, std::move(more));
}

void JsonAudience::step_began(std::string_view name) {
  output_.event("step", Value::object({{"state", "began"}, {"step", name}}));
}

void JsonAudience::step_ended(std::string_view name) {
  output_.event("step", Value::object({{"state", "ended"}, {"step", name}}));
}

void JsonAudience::call_began(const PlannedCall& call) {
  running_.begin(call.id, "");
  call_event("call", "began", call, Value::object({{"effect", to_text(call.effect)}}));
}

void JsonAudience::call_progress(const PlannedCall& call, std::uint64_t done, std::uint64_t total,
                                 std::string_view message) {
  Value more = Value::object({{"done", done}, {"total", total}, {"message", message}});
  if (Progress* progress = running_.find(call.id)) {
    progress->report(done, total, message);
    if (const auto rate = progress->bytes_per_second())
      more["bytes_per_second"] = static_cast<std::uint64_t>(*rate);
    if (const auto left = progress->seconds_left()) more["seconds_left"] = in_milliseconds(*left);
  }
  call_event("progress", "running", call, std::move(more));
}

void JsonAudience::call_done(const PlannedCall& call, const Value& result) {
  call_event(
      "call", "done", call,
      Value::object({{"result", result}, {"seconds", in_milliseconds(running_.end(call.id))}}));
}

void JsonAudience::call_remembered(const PlannedCall& call) {
  call_event("call", "done_before", call, Value::object());
}

void JsonAudience::call_failed(const PlannedCall& call, const Error& error) {
  call_event("call", "failed", call,
             Value::object({{"error", to_value(error)},
                            {"seconds", in_milliseconds(running_.end(call.id))}}));
}

void JsonAudience::undo_began(const PlannedCall& call) {
  running_.begin(call.id, "");
  call_event("undo", "began", call, Value::object());
}

void JsonAudience::undo_done(const PlannedCall& call) {
  call_event("undo", "done", call,
             Value::object({{"seconds", in_milliseconds(running_.end(call.id))}}));
}

void JsonAudience::undo_failed(const PlannedCall& call, const Error& error) {
  running_.end(call.id);
  call_event("undo", "failed", call, Value::object({{"error", to_value(error)}}));
}

void JsonAudience::note(std::string_view text, const Line& line) {
  output_.event("note",
                Value::object({{"text", text}, {"file", line.file}, {"line", line.number}}));
}

void JsonAudience::log(int level, std::string_view instance, std::string_view message) {
  log_line(output_, level, instance, message);
}

std::unique_ptr<Audience> make_audience(Output& output) {
  if (output.json()) return std::make_unique<JsonAudience>(output, steady_stopwatch());
  return std::make_unique<PeopleAudience>(output, steady_stopwatch());
}

}  // namespace snapcore
