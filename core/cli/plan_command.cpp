#include "base/real_file_system.hpp"
#include "cli/command.hpp"
#include "cli/conduct.hpp"
#include "cli/text/manual_text.hpp"
#include "cli/text/words.hpp"

namespace snapcore {
namespace {

constexpr std::array kOptions = {
    Option{"output,o", "FILE", "save the plan, for 'snapcore apply FILE'"},
    Option{"manual", "", "print a bash script of stock tools that does the same by hand"}};

// In place of the plan; with --json beside it.
void show_by_hand(Output& output, const Plan& plan) {
  const std::string script = manual_text(plan);
  output.event("manual", Value::object({{"script", script}}));
  if (!output.json()) output.print(script);
}

Result<ExitCode> plan(Invocation& invocation) {
  const std::string& path = invocation.words().front();
  auto wish = run_wish(invocation.options);
  if (!wish) return fail(wish.error());
  auto site = open_site(invocation.globals);
  if (!site) return fail(site.error());
  auto runbook = find_runbook(path);
  if (!runbook) return fail(runbook.error());
  Errand errand{.runbook = std::move(*runbook), .asked = path, .wish = std::move(*wish)};
  errand.again =
      "snapcore" + invocation.globals.typed + " run " + shell_word(path) + typed_again(errand.wish);
  const auto made = plan_errand(invocation, **site, errand);
  if (!made) return fail(made.error());
  const auto kept = check_promises(*made);
  const auto file = invocation.options.get("output");
  Result<> written;
  if (kept && file) {
    RealFileSystem fs;
    written = write_plan_file(fs, *file, {*made, errand.wish.params, errand.wish.waivers});
  }
  std::vector<std::string> next;
  if (kept && file && written)
    next = {"snapcore" + invocation.globals.typed + " apply " + shell_word(*file)};
  if (kept && !file && !made->has_fresh_arguments)
    next = {errand.again + " --approve " + short_digest(made->digest())};
  const bool by_hand = invocation.options.has("manual");
  const auto where =
      by_hand && !invocation.output.json() ? ShowPlanOn::kStderr : ShowPlanOn::kStdout;
  show_plan(invocation, **site, errand, *made, where, std::move(next));
  if (kept && by_hand) show_by_hand(invocation.output, *made);
  if (auto fit = check_shown(invocation, errand, *made); !fit) return fail(fit.error());
  if (!file) return ExitCode::kDone;
  if (!written) return fail(written.error());
  invocation.output.add_to_result("file", *file);
  return ExitCode::kDone;
}

}  // namespace

const Command kPlanCommand = {.name = "plan",
                              .words = "RUNBOOK",
                              .summary = "plan a runbook and show the plan; with -o save it",
                              .group = CommandGroup::kRestore,
                              .min_words = 1,
                              .max_words = 1,
                              .options = kOptions,
                              .shared_options = kPlanningOptions,
                              .details =
                                  "Reads the site, the sources and the targets, and changes "
                                  "nothing. A saved plan holds the runbook's text "
                                  "and the digests of everything it rests on; it can be read, "
                                  "approved and applied by somebody else, once, "
                                  "within 24 hours.\n"
                                  "With --manual the plan is shown on stderr, and on stdout "
                                  "stands a script that does the same without snapcore.",
                              .run = plan};

}  // namespace snapcore
