#include "cli/run_report.hpp"

#include "journal/state_directory.hpp"

namespace snapcore {
namespace {

Value report_value(const RunReport& report) {
  Value value = Value::object({{"ending", to_text(report.ending)}});
  Value::Array done, standing, undone, warnings;
  for (const RunReport::Done& call : report.done) {
    Value::Array words;
    for (const std::string& text : call.words) words.emplace_back(text);
    done.push_back(Value::object({{"step", call.step},
                                  {"instance", call.instance},
                                  {"operation", call.operation},
                                  {"words", std::move(words)},
                                  {"seconds", call.seconds},
                                  {"bytes", call.bytes},
                                  {"before", call.before}}));
  }
  for (const Standing& act : report.standing) {
    Value::Array words, shell;
    for (const std::string& text : act.words) words.emplace_back(text);
    for (const std::string& text : act.shell) shell.emplace_back(text);
    standing.push_back(Value::object({{"call", act.call},
                                      {"instance", act.instance},
                                      {"operation", act.operation},
                                      {"words", std::move(words)},
                                      {"shell", std::move(shell)},
                                      {"kept", act.kept}}));
  }
  for (const std::string& text : report.undone) undone.emplace_back(text);
  for (const std::string& text : report.warnings) warnings.emplace_back(text);
  value["done"] = std::move(done);
  value["standing"] = std::move(standing);
  value["undone"] = std::move(undone);
  value["warnings"] = std::move(warnings);
  if (report.rollback_error) value["rollback_error"] = to_value(*report.rollback_error);
  return value;
}

}  // namespace

void warn_of_memory(Output& output, const std::filesystem::path& state) {
  if (!is_in_memory(state)) return;
  output.say_line("warning: the state directory " + state.string() +
                      " lies in memory: when this machine stops, the journal of this run and its "
                      "way back are lost",
                  Tone::kLoud);
}

void tell_report(Output& output, const Plan& plan, const RunReport& report, const RunEnd& end) {
  if (!output.json()) {
    output.say("\n");
    output.print(report_text(plan, report, end, output.out_style()));
    return;
  }
  if (report.error) output.event("error", to_value(*report.error));
  output.add_to_result("run", end.run_id);
  output.add_to_result("journal", end.journal.string());
  output.add_to_result("head", Value::object({{"seq", end.head.seq}, {"hash", end.head.hash}}));
  const Value value = report_value(report);
  for (const auto& [key, member] : value.members()) output.add_to_result(key, member);
}

}  // namespace snapcore
