#include "cli/command.hpp"

#include <algorithm>
#include <array>
#include <snapcore/utf8.hpp>

#include "base/text.hpp"
#include "base/version.hpp"
#include "cli/emergency.hpp"
#include "cli/help_text.hpp"
#include "cli/log.hpp"
#include "cli/text/words.hpp"

namespace snapcore {
namespace {

constexpr std::array kCommands = {
    &kRunCommand,      &kPlanCommand,   &kApplyCommand,  &kRestoreCommand, &kResumeCommand,
    &kRollbackCommand, &kReplanCommand, &kAcceptCommand, &kResolveCommand, &kCallCommand,
    &kListCommand,     &kShowCommand,   &kCheckCommand,  &kRunsCommand,    &kAuditCommand,
    &kPluginCommand,   &kHelpCommand};

constexpr std::array kGlobalOptions = {
    Option{"site", "FILE",
           "the description of the site; else SNAPCORE_SITE, ./site.lua, /etc/snapcore/site.lua"},
    Option{"state", "DIR",
           "where runs are kept; else SNAPCORE_STATE, or the user's state directory"},
    Option{"plugin-dir", "DIR", "where plugins are looked for first", true},
    Option{"json", "", "one JSON object a line on stdout, the last one of type result"},
    Option{"no-color", "", "no colour, also on a terminal"},
    Option{"verbose", "", "debug lines, and the traceback of a failed runbook"},
    Option{"version", "", "the version"},
    Option{"help,h", "", "this help"},
};

Result<Globals> globals_from(const Options& options, OutputWish wish) {
  Globals globals;
  globals.output = wish;
  if (const auto site = options.get("site")) globals.site = *site;
  if (const auto state = options.get("state")) globals.state = *state;
  for (const std::string& directory : options.all("plugin-dir"))
    globals.plugin_dirs.emplace_back(directory);
  for (const char* name : {"site", "state", "plugin-dir"}) {
    for (const std::string& value : options.all(name)) {
      if (value.empty()) {
        return fail({.code = "arguments.bad_option",
                     .message = "option --" + std::string(name) + " needs a value",
                     .hint = "'snapcore help' shows the options that every command has"});
      }
      globals.typed += " --" + std::string(name) + " " + shell_word(value);
    }
  }
  return globals;
}

// Arguments end up in plan, journal and JSON lines, which are UTF-8.
Result<> all_utf8(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    if (is_utf8(argument)) continue;
    return fail({.code = "arguments.not_utf8",
                 .message = "the argument '" + printable(argument) + "' is not UTF-8",
                 .hint = "give the thing a name in UTF-8"});
  }
  return {};
}

Error unknown_command(std::string_view name) {
  return {.code = "arguments.unknown_command",
          .message = "there is no command '" + std::string(name) + "'",
          .hint = "'snapcore help' lists the commands"};
}

int end_with(Output& output, const Error& error) {
  const ExitCode code = exit_code_before_acts(error);
  output.error(error, {.state = "nothing was changed", .next = ""});
  output.finish(static_cast<int>(code));
  return static_cast<int>(code);
}

int end_with(Output& output, ExitCode code) {
  output.finish(static_cast<int>(code));
  return static_cast<int>(code);
}

int say_version(Output& output) {
  output.print("snapcore " + std::string(snapcore_version()) + "\n");
  return end_with(output, ExitCode::kDone);
}

}  // namespace

std::span<const Command* const> all_commands() { return kCommands; }
std::span<const Option> global_options() { return kGlobalOptions; }

const Command* find_command(std::string_view name) {
  const auto found = std::find_if(kCommands.begin(), kCommands.end(),
                                  [&](const Command* command) { return command->name == name; });
  return found == kCommands.end() ? nullptr : *found;
}

Result<Options> parse_for(const Command& command, const std::vector<std::string>& arguments) {
  std::vector<Option> known(kGlobalOptions.begin(), kGlobalOptions.end());
  known.insert(known.end(), command.options.begin(), command.options.end());
  known.insert(known.end(), command.shared_options.begin(), command.shared_options.end());
  auto options = parse_options(known, arguments);
  if (!options || options->has("help") || options->has("version")) return options;
  const std::size_t words = options->words().size();
  if (words >= command.min_words && words <= command.max_words) return options;
  return fail({.code = "arguments.wrong_words",
               .message = words < command.min_words
                              ? std::string(command.name) + " needs " + std::string(command.words)
                              : "'" + options->words()[command.max_words] +
                                    "' is one word too many for " + std::string(command.name),
               .hint = "usage: " + usage_of(command)});
}

OutputWish output_wish(const std::vector<std::string>& arguments) {
  const auto given = [&](std::string_view option) {
    const auto end = std::find(arguments.begin(), arguments.end(), "--");
    return std::find(arguments.begin(), end, option) != end;
  };
  return {.json = given("--json"), .no_color = given("--no-color"), .verbose = given("--verbose")};
}

int run_program(const std::vector<std::string>& arguments, Output& output, const Clock& clock,
                const std::atomic<bool>& cancelled) {
  start_log(output);
  if (const auto text = all_utf8(arguments); !text) return end_with(output, text.error());
  Split split = split_command(kGlobalOptions, arguments);
  if (split.command.empty()) {
    const auto options = parse_options(kGlobalOptions, split.rest);
    if (!options) return end_with(output, options.error());
    if (options->has("version")) return say_version(output);
    output.print(help_main(output.out_style()));
    return end_with(output, options->has("help") ? ExitCode::kDone : ExitCode::kWrongInput);
  }
  const Command* command = find_command(split.command);
  if (!command) return end_with(output, unknown_command(split.command));
  const auto options = parse_for(*command, split.rest);
  if (!options) return end_with(output, options.error());
  if (options->has("help")) {
    output.print(help_command(*command, output.out_style()));
    return end_with(output, ExitCode::kDone);
  }
  if (options->has("version")) return say_version(output);
  const auto globals = globals_from(*options, output_wish(arguments));
  if (!globals) return end_with(output, globals.error());
  output.use_options(globals->typed);
  Invocation invocation{*globals, *options, output, clock, cancelled};
  const auto ended = command->run(invocation);
  if (ended) return end_with(output, *ended);
  return end_with(output,
                  with_emergency_journal(ended.error(), split.command, *globals, arguments));
}

}  // namespace snapcore
