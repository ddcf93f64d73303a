#include <array>

#include "cli/command.hpp"
#include "cli/open_run.hpp"
#include "cli/run_records.hpp"
#include "cli/text/words.hpp"
#include "engine/in_doubt.hpp"
#include "plugin/schema.hpp"

namespace snapcore {
namespace {

constexpr std::array kOptions = {
    Option{"done", "", "it happened: the run goes on behind it"},
    Option{"not-done", "", "it did not happen: the run does it"},
    Option{"result", "JSON", "with --done: what the call would have answered"},
    Option{"reason", "TEXT", "how it was found out; stands in the journal"},
};

Error wrong(std::string message, std::string hint) {
  return {.code = "arguments.bad_value", .message = std::move(message), .hint = std::move(hint)};
}

// What the plan predicted, and what the operator adds to it.
Result<Value> result_of(const Invocation& invocation, const std::string& run,
                        const PlannedCall& call) {
  Value result = call.predicted.is_object() ? call.predicted : Value::object();
  if (const auto text = invocation.options.get("result")) {
    const auto given = Value::parse(*text);
    if (!given || !given->is_object())
      return fail(wrong("--result is not a JSON object", "give it as '{\"name\": \"value\"}'"));
    for (const auto& [name, member] : given->members()) result[name] = member;
  }
  const auto schema = Schema::compile(call.result_schema);
  if (!schema) return fail(schema.error());
  auto fits = schema->validate(result, "the result of " + call.id);
  if (fits) return result;
  Error error = fits.error();
  error.code = "arguments.bad_value";
  error.hint = "say what the call would have answered, in the place of the dots ('snapcore help " +
               call.instance + "." + call.operation + "' shows its members):\n" +
               resolve_command(run, call.id, &call);
  return fail(std::move(error));
}

Result<const PastCall*> call_in_doubt(const OpenRun& run, const std::string& id) {
  const PastCall* past = run.history.find(id);
  if (past && past->is_act && (past->in_doubt() || past->error)) return past;
  std::string in_doubt;
  for (const PastCall& call : run.history.calls()) {
    if (call.is_act && call.in_doubt()) in_doubt += (in_doubt.empty() ? "" : ", ") + call.id;
  }
  return fail(wrong("call " + id + " of run " + run.id + " is not in doubt",
                    in_doubt.empty()
                        ? "no call of it is; this goes on:\nsnapcore resume " + shell_word(run.id)
                        : "in doubt: " + in_doubt));
}

Result<ExitCode> resolve(Invocation& invocation) {
  const bool is_done = invocation.options.has("done");
  if (is_done == invocation.options.has("not-done"))
    return fail(wrong("say one of --done and --not-done", "look at the system first"));
  auto opened = open_run(invocation, invocation.words().front());
  if (!opened) return fail(opened.error());
  OpenRun& run = **opened;
  if (auto goes = check_goes_on(run); !goes) return fail(goes.error());
  const std::string& id = invocation.words()[1];
  const auto past = call_in_doubt(run, id);
  if (!past) return fail(past.error());
  Value body = Value::object({{"call", id},
                              {"decision", is_done ? "done" : "not_done"},
                              {"who", operator_name()},
                              {"reason", invocation.options.get("reason").value_or("")}});
  const PlannedCall* planned = run.saved.plan.find(id);
  if (is_done && planned) {
    auto result = result_of(invocation, run.id, *planned);
    if (!result) return fail(result.error());
    body["result"] = std::move(*result);
  } else if (is_done) {
    body["result"] = Value::object();  // a nested call: its caller looks again
  }
  auto written = run.journal->append(record::kResolve, std::move(body));
  if (!written) return fail(written.error());
  invocation.output.add_to_result("run", run.id);
  invocation.output.add_to_result("call", id);
  if (!invocation.output.json()) {
    invocation.output.print("Noted: " + id + (is_done ? " happened" : " did not happen") +
                            "\nNext:\n  snapcore" + invocation.globals.typed + " resume " +
                            shell_word(run.id) + "\n");
  }
  return ExitCode::kDone;
}

}  // namespace

const Command kResolveCommand = {
    .name = "resolve",
    .words = "RUN CALL",
    .summary = "say whether a call that is in doubt happened",
    .group = CommandGroup::kRestore,
    .min_words = 2,
    .max_words = 2,
    .options = kOptions,
    .details =
        "A call is in doubt when the run was cut off inside of it and its plugin cannot say "
        "what became of it. Look at the system, then say what you found. Nothing is done "
        "but to write that down.",
    .run = resolve};

}  // namespace snapcore
