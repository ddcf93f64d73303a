#include <array>

#include "base/real_file_system.hpp"
#include "cli/command.hpp"
#include "cli/help_text.hpp"
#include "cli/open_site.hpp"
#include "cli/stubs.hpp"

namespace snapcore {
namespace {

constexpr std::array kOptions = {
    Option{"stubs", "DIR", "write snapcore.lua and .luarc.json there, for editors"}};

Result<ExitCode> help_about_operation(Invocation& invocation, const std::string& name) {
  auto site = open_site_if_any(invocation.globals);
  if (!site) return fail(site.error());
  const auto named = find_operation((*site)->instances, name, Purpose::kHelp);
  if (!named) return fail(named.error());
  OperationHelp help{
      .name = name, .summary = "", .effect = "", .args = named->args, .result = named->result};
  if (named->found) {
    help.summary = named->found->summary;
    help.effect = to_text(named->found->effect);
  } else if (named->operation != "restore") {
    help.effect = to_text(Effect::kRead);
  }
  invocation.output.add_to_result("args", help.args);
  invocation.output.add_to_result("result_schema", help.result);
  if (!invocation.output.json())
    invocation.output.print(help_operation(help, invocation.output.out_style()));
  return ExitCode::kDone;
}

Result<ExitCode> help(Invocation& invocation) {
  Output& output = invocation.output;
  if (const auto directory = invocation.options.get("stubs")) {
    RealFileSystem fs;
    return write_stubs(invocation, fs, *directory);
  }
  if (invocation.words().empty()) {
    output.print(help_main(output.out_style()));
    return ExitCode::kDone;
  }
  const std::string& word = invocation.words().front();
  const Command* command = find_command(word);
  // The second word is for commands that have commands of their own.
  if (invocation.words().size() > 1 &&
      (!command || command->words.find(invocation.words()[1]) == std::string_view::npos)) {
    return fail({.code = "arguments.unknown_command",
                 .message = "there is no command '" + word + " " + invocation.words()[1] + "'",
                 .hint = "'snapcore help' lists the commands"});
  }
  if (command) {
    output.print(help_command(*command, output.out_style()));
    return ExitCode::kDone;
  }
  if (word.find('.') != std::string::npos) return help_about_operation(invocation, word);
  return fail(
      {.code = "arguments.unknown_command",
       .message = "there is no command '" + word + "'",
       .hint = "'snapcore help' lists the commands; an operation is named INSTANCE.OPERATION"});
}

}  // namespace

const Command kHelpCommand = {
    .name = "help",
    .words = "[COMMAND|INSTANCE.OPERATION]",
    .summary = "help about a command, or about an operation and its arguments",
    .group = CommandGroup::kHelp,
    .min_words = 0,
    .max_words = 2,
    .options = kOptions,
    .details =
        "With --stubs DIR, the folder of the runbooks, it writes what the Lua language server "
        "needs "
        "to complete and check them: the words, every operation of every plugin that is found with "
        "its arguments and results, and which instance of the site is of which plugin.",
    .run = help};

}  // namespace snapcore
