#include "cli/run_report.hpp"

#include "journal/state_directory.hpp"

namespace snapcore {
namespace {

Value report_value(const RunReport& report) {
  Value value = Value::object({{"ending", to_text(report.ending)}});
  Value::Array done, standing;
  for (const RunReport::Done& call : report.done) {
    done.push_back(Value::object({{"step", call.step},
                                  {"instance", call.instance},
                                  {"operation", call.operation},
                                  {"words", texts_of(call.words)},
                                  {"seconds", call.seconds},
                                  {"bytes", call.bytes},
                                  {"before", call.before}}));
  }
  for (const Standing& act : report.standing) {
    standing.push_back(Value::object({{"call", act.call},
                                      {"instance", act.instance},
                                      {"operation", act.operation},
                                      {"words", texts_of(act.words)},
                                      {"shell", texts_of(act.shell)},
                                      {"kept", act.kept},
                                      {"half_undone", act.half_undone}}));
  }
  value["done"] = std::move(done);
  value["standing"] = std::move(standing);
  value["undone"] = texts_of(report.undone);
  Value::Array made, back;
  for (const std::size_t place : report.made) made.emplace_back(report.undone[place]);
  value["made_on_the_way_back"] = std::move(made);
  for (const BackStep& step : report.way_back) {
    back.push_back(Value::object({{"call", step.call},
                                  {"name", step.name},
                                  {"words", texts_of(step.words)},
                                  {"shell", texts_of(step.shell)},
                                  {"no_way_back", step.no_way_back},
                                  {"added", step.added}}));
  }
  value["way_back"] = std::move(back);
  value["warnings"] = texts_of(report.warnings);
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
  RunReport told = report;
  if (told.error) told.error = with_options(*told.error, end.typed);
  if (told.rollback_error) told.rollback_error = with_options(*told.rollback_error, end.typed);
  if (!output.json()) {
    output.say("\n");
    output.print(report_text(plan, told, end, output.out_style()));
    return;
  }
  if (told.error) output.event("error", to_value(*told.error));
  output.add_to_result("run", end.run_id);
  output.add_to_result("journal", end.journal.string());
  output.add_to_result("head", Value::object({{"seq", end.head.seq}, {"hash", end.head.hash}}));
  const Value value = report_value(told);
  for (const auto& [key, member] : value.members()) output.add_to_result(key, member);
  if (end.outcome.is_null()) return;
  output.add_to_result("outcome", Value::object({{"ending", end.outcome.at("ending")},
                                                 {"exit", end.outcome.at("exit")}}));
}

}  // namespace snapcore
