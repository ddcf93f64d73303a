#include "cli/arguments.hpp"
#include "cli/command.hpp"
#include "cli/conduct.hpp"
#include "cli/lua_text.hpp"
#include "cli/text/words.hpp"
#include "engine/core_operations.hpp"

namespace snapcore {
namespace {

constexpr std::array kOptions = {
    Option{"from", "SOURCE", "where the backup is"},
    Option{"before", "TIME", "the newest that is not newer, as 2026-01-31T04:05:06Z"},
    Option{"ref", "REF", "this very artifact, as 'snapcore list SOURCE' shows it"},
    Option{"set", "K=V", "another argument of the restore", true}};

constexpr std::array kShared = {kWaiveOption,    kAcceptLossOption, kDryRunOption,
                                kYesOption,      kApproveOption,    kOnFailureOption,
                                kLockWaitOption, kBreakLeaseOption};

Result<> check_words(const Options& options) {
  if (!options.has("from")) {
    return fail({.code = "arguments.missing",
                 .message = "restore needs a source",
                 .hint = "add --from SOURCE; the site names the sources"});
  }
  if (options.has("before") && options.has("ref")) {
    return fail(
        {.code = "arguments.bad_option",
         .message = "--before and --ref exclude each other",
         .hint = "--ref REF names one artifact, --before TIME asks for the newest until then"});
  }
  if (const auto before = options.get("before"); before && !parse_time(*before)) {
    return fail({.code = "arguments.bad_value",
                 .message = "--before '" + *before + "' is not a time",
                 .hint = "write it as 2026-01-31T04:05:06Z"});
  }
  return {};
}

// The one kind that the target can be restored from; "" when there are several, and its own guard
// decides.
std::string kind_for(const Manifest& manifest) {
  std::string kind;
  for (const Kind& known : manifest.kinds) {
    if (!kind.empty() && kind != known.kind) return "";
    kind = known.kind;
  }
  return kind;
}

// --set is for the runbook's parameters, and the parameters here are the arguments of restore.
Result<Value> restore_args(const Manifest& manifest, const std::string& target,
                           const std::map<std::string, std::string>& set) {
  Value schema = core_args_schema(CoreOperation::kRestore, manifest);
  Value properties = schema.at("properties");
  properties.erase("from");
  Value::Array required;
  for (const Value& name : schema.at("required").items()) {
    if (name.text() != "from") required.push_back(name);
  }
  schema["properties"] = std::move(properties);
  schema["required"] = std::move(required);
  std::vector<std::string> pairs;
  for (const auto& [name, value] : set) pairs.push_back(name + "=" + value);
  return arguments_from(schema, pairs, target + ".restore");
}

Result<RestoreWish> wish_for(OpenSite& site, const std::string& name, const Options& options,
                             const RunWish& run) {
  const auto target = site.instances.open(name);
  if (!target) return fail(target.error());
  if (!(*target)->manifest().has_role(Role::kTarget)) {
    return fail({.code = "site.wrong_role",
                 .message = "'" + name + "' is not a target",
                 .hint = "its plugin " + (*target)->manifest().id + " restores nothing"});
  }
  auto args = restore_args((*target)->manifest(), name, run.params);
  if (!args) return fail(args.error());
  return RestoreWish{.target = name,
                     .source = *options.get("from"),
                     .kind = kind_for((*target)->manifest()),
                     .before = options.get("before"),
                     .ref = options.get("ref"),
                     .args = std::move(*args)};
}

std::string typed(const Invocation& invocation, const RunWish& wish) {
  std::string text =
      "snapcore" + invocation.globals.typed + " restore " + shell_word(invocation.words().front());
  for (const char* name : {"from", "before", "ref"}) {
    if (const auto value = invocation.options.get(name))
      text += " --" + std::string(name) + " " + shell_word(*value);
  }
  return text + typed_again(wish);
}

Result<ExitCode> restore(Invocation& invocation) {
  if (auto fit = check_words(invocation.options); !fit) return fail(fit.error());
  auto wish = run_wish(invocation.options);
  if (!wish) return fail(wish.error());
  auto site = open_site(invocation.globals);
  if (!site) return fail(site.error());
  const auto restored = wish_for(**site, invocation.words().front(), invocation.options, *wish);
  if (!restored) return fail(restored.error());

  auto runbook = Runbook::from_text("restore.lua", restore_runbook(*restored));
  if (!runbook) return fail(runbook.error());
  Errand errand{.runbook = std::move(*runbook),
                .asked = "restore " + restored->target + " --from " + restored->source,
                .wish = *wish,
                .again = typed(invocation, *wish)};
  errand.wish.params.clear();  // they stand in the text
  return conduct(invocation, **site, errand);
}

}  // namespace

const Command kRestoreCommand = {
    .name = "restore",
    .words = "TARGET --from SOURCE",
    .summary = "restore one target, from its newest backup or the one named",
    .group = CommandGroup::kRestore,
    .min_words = 1,
    .max_words = 1,
    .options = kOptions,
    .shared_options = kShared,
    .details =
        "Does what a runbook of one restore does, through the same plan and approval.\n"
        "'snapcore help TARGET.restore' lists the arguments that --set can give.",
    .run = restore};

}  // namespace snapcore
