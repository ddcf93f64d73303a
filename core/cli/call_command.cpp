#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/conduct.hpp"
#include "cli/lua_text.hpp"
#include "cli/reading.hpp"
#include "cli/text/words.hpp"

namespace snapcore {
namespace {

Result<ExitCode> read_at_once(Invocation& invocation, OpenSite& site, const NamedOperation& named,
                              const Value& args) {
  auto asked = resolve_artifacts(site.instances, args, invocation.cancelled);
  if (!asked) return fail(asked.error());
  ItemPrinter items(invocation.output);
  auto answer = read_operation(site.instances, named, *asked, invocation, items);
  items.flush();
  if (!answer) return fail(answer.error());
  items.result(*answer, named.found && !named.found->item.is_null());
  return items.warned() ? ExitCode::kDoneWithWarnings : ExitCode::kDone;
}

Result<ExitCode> through_the_gate(Invocation& invocation, OpenSite& site,
                                  const NamedOperation& named, const Value& args) {
  auto wish = run_wish(invocation.options);
  if (!wish) return fail(wish.error());
  if (!named.instance) {
    return fail({.code = "arguments.needs_instance",
                 .message = invocation.words().front() +
                            " changes something and is called through an instance",
                 .hint = "name an instance of the site: INSTANCE." + named.operation});
  }
  auto runbook = Runbook::from_text("call.lua", call_runbook(named.owner, named.operation, args));
  if (!runbook) return fail(runbook.error());
  std::string again = "snapcore" + invocation.globals.typed + " call";
  for (const std::string& word : invocation.words()) again += " " + shell_word(word);
  again += typed_again(*wish);
  return conduct(invocation, site,
                 {.runbook = std::move(*runbook),
                  .asked = "call " + invocation.words().front(),
                  .wish = std::move(*wish),
                  .again = std::move(again)});
}

Result<ExitCode> call(Invocation& invocation) {
  auto site = open_site_if_any(invocation.globals);
  if (!site) return fail(site.error());
  const std::string& name = invocation.words().front();
  const auto named = find_operation((*site)->instances, name);
  if (!named) return fail(named.error());
  auto args =
      arguments_from(named->args, {invocation.words().begin() + 1, invocation.words().end()}, name);
  if (!args) return fail(args.error());
  const bool core_read = !named->found && named->operation != "restore";
  const bool read = core_read || (named->found && named->found->effect == Effect::kRead);
  if (read) return read_at_once(invocation, **site, *named, *args);
  return through_the_gate(invocation, **site, *named, *args);
}

constexpr std::array kCallOptions = {kWaiveOption,    kAcceptLossOption, kDryRunOption,
                                     kYesOption,      kApproveOption,    kOnFailureOption,
                                     kLockWaitOption, kBreakLeaseOption};

}  // namespace

const Command kCallCommand = {
    .name = "call",
    .words = "INSTANCE.OPERATION [NAME=VALUE]...",
    .summary = "call one operation, through the same gate",
    .group = CommandGroup::kRestore,
    .min_words = 1,
    .max_words = 1000,
    .shared_options = kCallOptions,
    .details =
        "What only reads runs at once and prints its result. Anything else is planned and recorded "
        "as a runbook "
        "is, and what changes something is approved first. Values are read as the operation's "
        "schema wants them: objects and arrays as "
        "JSON, an artifact "
        "as SOURCE:REF. PLUGIN.OPERATION calls one that needs no instance.\n"
        "'snapcore help INSTANCE.OPERATION' shows the arguments.",
    .run = call};

}  // namespace snapcore
