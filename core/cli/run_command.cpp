#include "cli/command.hpp"
#include "cli/conduct.hpp"
#include "cli/text/words.hpp"

namespace snapcore {
namespace {

Result<ExitCode> run(Invocation& invocation) {
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
  return conduct(invocation, **site, errand);
}

}  // namespace

const Command kRunCommand = {.name = "run",
                             .words = "RUNBOOK",
                             .summary = "plan a runbook, ask for approval, and do it",
                             .group = CommandGroup::kRestore,
                             .min_words = 1,
                             .max_words = 1,
                             .shared_options = kRunOptions,
                             .details =
                                 "The plan says what would be restored from what, every act, what "
                                 "is kept and the way back. Nothing is "
                                 "changed before it is approved: at a terminal by typing the "
                                 "target's name, elsewhere with --approve and "
                                 "the digest of a plan that somebody read, or with --yes.\n"
                                 "Only what the plan holds is done. What fails is undone, unless "
                                 "--on-failure says otherwise.",
                             .run = run};

}  // namespace snapcore
