#include "cli/help_text.hpp"

#include <algorithm>

#include "cli/arguments.hpp"
#include "cli/text/words.hpp"

namespace snapcore {
namespace {

struct Group {
  CommandGroup group;
  std::string_view title;
};
constexpr Group kGroups[] = {{CommandGroup::kRestore, "Restore"},
                             {CommandGroup::kLook, "Look, and change nothing"},
                             {CommandGroup::kHelp, "Help"}};

std::string capitalised(std::string_view text) {
  std::string copy(text);
  if (!copy.empty() && copy[0] >= 'a' && copy[0] <= 'z')
    copy[0] = static_cast<char>(copy[0] - 'a' + 'A');
  return copy;
}

void option_lines(Page& page, std::span<const Option> options) {
  for (const Option& option : options) {
    page.field(2, option_title(option), 28,
               std::string(option.help) + (option.repeated ? " (may be repeated)" : ""),
               Tone::kPlain, Tone::kBold);
  }
}

void schema_lines(Page& page, std::string_view heading, const Value& schema) {
  const auto list = argument_help(schema);
  page.heading(heading);
  if (list.empty()) page.line(2, "none");
  std::size_t width = 12;
  for (const ArgumentHelp& argument : list) width = std::max(width, argument.name.size() + 2);
  for (const ArgumentHelp& argument : list) {
    std::string text = argument.type + (argument.required ? ", required" : "");
    if (!argument.description.empty()) text += ": " + argument.description;
    page.field(2, argument.name, std::min<std::size_t>(width, 28), text, Tone::kPlain, Tone::kBold);
  }
}

std::string_view effect_words(std::string_view effect) {
  if (effect == "read") return "reads: asks and changes nothing";
  if (effect == "verify") return "verifies: asserts what a run brings about";
  if (effect == "change") return "changes: planned, approved, and can be undone";
  if (effect == "destroy") return "destroys: planned, approved, and cannot be undone";
  return "a sequence of the core: planned, approved, and undone when it fails";
}

}  // namespace

std::string usage_of(const Command& command) {
  std::string usage = "snapcore " + std::string(command.name);
  if (!command.words.empty()) usage += " " + std::string(command.words);
  if (!command.options.empty() || !command.shared_options.empty()) usage += " [OPTIONS]";
  return usage;
}

std::string help_main(const Style& style) {
  Page page(style);
  page.line(0,
            "snapcore restores broken systems from their backups, by runbooks: planned and "
            "approved before",
            Tone::kBold);
  page.line(0, "anything live is touched, verified while it happens, and undone when it fails.",
            Tone::kBold);
  for (const Group& group : kGroups) {
    page.heading(group.title);
    for (const Command* command : all_commands()) {
      if (command->group != group.group) continue;
      page.field(2, std::string(command->name) + " " + std::string(command->words), 42,
                 command->summary, Tone::kPlain, Tone::kPlain);
    }
  }
  page.heading("Examples");
  for (const auto& [what, typed] :
       {std::pair("see what a runbook would do; nothing is written",
                  "snapcore run restore.lua --dry-run"),
        std::pair("bring one target back from its newest backup",
                  "snapcore restore TARGET --from SOURCE"),
        std::pair("approve elsewhere: save a plan, read it, apply it",
                  "snapcore plan restore.lua -o friday.plan && snapcore apply friday.plan")}) {
    page.line(2, std::string("# ") + what, Tone::kDim);
    page.verbatim(2, typed);
  }
  page.heading("Options of every command");
  option_lines(page, global_options());
  page.blank();
  page.line(0,
            "'snapcore help COMMAND' tells more, 'snapcore help INSTANCE.OPERATION' what an "
            "operation takes.");
  page.line(0,
            "Exit codes: 0 done, 1 with warnings, 2 failed before anything live was touched, 3 "
            "refused by a guard or "
            "not approved, 4 wrong runbook, arguments, site or plugin, 5 failed and undone, 6 "
            "interrupted, 7 needs a "
            "person.");
  return page.text();
}

std::string help_command(const Command& command, const Style& style) {
  Page page(style);
  page.verbatim(0, usage_of(command), Tone::kBold);
  page.line(2, capitalised(command.summary) + ".");
  if (!command.details.empty()) {
    page.blank();
    std::string_view rest = command.details;
    while (!rest.empty()) {
      const std::string_view paragraph = rest.substr(0, rest.find('\n'));
      rest.remove_prefix(std::min(rest.size(), paragraph.size() + 1));
      const auto indent = std::min(paragraph.find_first_not_of(' '), paragraph.size());
      page.line(2 + indent, paragraph.substr(indent));
    }
  }
  if (!command.options.empty() || !command.shared_options.empty()) {
    page.heading("Options");
    option_lines(page, command.options);
    option_lines(page, command.shared_options);
  }
  page.blank();
  page.line(0, "Options of every command: 'snapcore help'.");
  return page.text();
}

std::string help_operation(const OperationHelp& operation, const Style& style) {
  Page page(style);
  page.line(0, operation.name, Tone::kBold);
  if (!operation.summary.empty()) page.line(2, capitalised(operation.summary) + ".");
  page.line(2, effect_words(operation.effect));
  schema_lines(page, "Arguments", operation.args);
  if (!operation.result.at("properties").members().empty())
    schema_lines(page, "Result", operation.result);
  return page.text();
}

std::string help_plugin(const Manifest& manifest, std::string_view path, std::string_view sha256,
                        const Style& style) {
  Page page(style);
  page.line(0, manifest.id + " " + manifest.version + ": " + manifest.summary, Tone::kBold);
  constexpr std::size_t kLabel = 12;
  std::vector<std::string> roles;
  for (const Role role : manifest.roles) roles.emplace_back(to_text(role));
  page.field(2, "roles", kLabel, roles.empty() ? "none" : joined(roles));
  if (!manifest.offers.empty()) page.field(2, "offers", kLabel, joined(manifest.offers));
  if (!manifest.needs.empty()) page.field(2, "needs", kLabel, joined(manifest.needs));
  std::vector<std::string> kinds;
  for (const Kind& kind : manifest.kinds) {
    if (std::find(kinds.begin(), kinds.end(), kind.kind) == kinds.end()) kinds.push_back(kind.kind);
  }
  if (!kinds.empty()) page.field(2, "restores", kLabel, joined(kinds));
  page.field(2, "licence", kLabel, manifest.license);
  page.field(2, "file", kLabel, path);
  page.field(2, "SHA-256", kLabel, sha256);
  page.heading("Operations");
  std::size_t width = 14;
  for (const Operation& operation : manifest.operations)
    width = std::max(width, operation.name.size() + 2);
  for (const Operation& operation : manifest.operations) {
    page.field(2, operation.name, width,
               std::string(to_text(operation.effect)) + ": " + operation.summary, Tone::kPlain,
               Tone::kBold);
  }
  schema_lines(page, "Settings of an instance, in the site", manifest.config);
  return page.text();
}

}  // namespace snapcore
