#include "cli/command.hpp"
#include "cli/help_text.hpp"
#include "cli/text/words.hpp"
#include "plugin/host.hpp"
#include "plugin/search.hpp"

namespace snapcore {
namespace {

Value value_of(const Scan& scan) {
  Value value = Value::object(
      {{"id", scan.file.id}, {"path", scan.file.path.string()}, {"sha256", scan.sha256}});
  if (!scan.manifest) {
    value["error"] = to_value(scan.manifest.error());
    return value;
  }
  value["version"] = scan.manifest->version;
  value["summary"] = scan.manifest->summary;
  Value::Array roles;
  for (const Role role : scan.manifest->roles) roles.emplace_back(to_text(role));
  value["roles"] = std::move(roles);
  return value;
}

void describe(Page& page, const Scan& scan) {
  if (!scan.manifest) {
    page.line(0, scan.file.id + "  cannot be used", Tone::kBad);
    page.line(2, scan.file.path.string());
    error_lines(page, 2, scan.manifest.error());
    return;
  }
  const Manifest& manifest = *scan.manifest;
  std::vector<std::string> roles;
  for (const Role role : manifest.roles) roles.emplace_back(to_text(role));
  page.line(
      0, manifest.id + " " + manifest.version + (roles.empty() ? "" : " (" + joined(roles) + ")"),
      Tone::kBold);
  page.line(2, manifest.summary);
  page.line(2, short_digest(scan.sha256) + "  " + scan.file.path.string(), Tone::kDim);
}

Result<ExitCode> list_plugins(Invocation& invocation) {
  Output& output = invocation.output;
  const auto path = plugin_search_path(invocation.globals.plugin_dirs);
  std::size_t count = 0, broken = 0;
  for (const PluginFile& file : all_plugins(path)) {
    const Scan scan = scan_plugin(file);
    ++count;
    broken += scan.manifest ? 0 : 1;
    output.event("plugin", value_of(scan));
    if (output.json()) continue;
    Page page(output.out_style());
    describe(page, scan);
    output.print(page.text());
  }
  output.add_to_result("plugins", count);
  output.add_to_result("broken", broken);
  if (count == 0 && !output.json()) {
    output.say_line("no plugin found in:");
    for (const auto& directory : path) output.say_line("  " + directory.string());
  }
  if (broken > 0 && !output.json()) {
    output.say_line(
        std::to_string(broken) + " of " + std::to_string(count) + " plugins cannot be used",
        Tone::kLoud);
  }
  return broken > 0 ? ExitCode::kDoneWithWarnings : ExitCode::kDone;
}

Result<ExitCode> plugin_info(Invocation& invocation, const std::string& id) {
  const auto file = find_plugin(plugin_search_path(invocation.globals.plugin_dirs), id);
  if (!file) return fail(file.error());
  const auto plugin = Plugin::load(*file);
  if (!plugin) return fail(plugin.error());
  const Manifest& manifest = (*plugin)->manifest();
  Output& output = invocation.output;
  if (!output.json()) {
    output.print(
        help_plugin(manifest, (*plugin)->path().string(), (*plugin)->sha256(), output.out_style()));
    return ExitCode::kDone;
  }
  for (const Operation& operation : manifest.operations) {
    output.event("operation", Value::object({{"name", operation.name},
                                             {"summary", operation.summary},
                                             {"effect", to_text(operation.effect)},
                                             {"args", operation.args},
                                             {"result", operation.result}}));
  }
  output.add_to_result("id", manifest.id);
  output.add_to_result("version", manifest.version);
  output.add_to_result("path", (*plugin)->path().string());
  output.add_to_result("sha256", (*plugin)->sha256());
  output.add_to_result("config", manifest.config);
  return ExitCode::kDone;
}

Result<ExitCode> plugin_command(Invocation& invocation) {
  const auto& words = invocation.words();
  if (words[0] == "list" && words.size() == 1) return list_plugins(invocation);
  if (words[0] == "info" && words.size() == 2) return plugin_info(invocation, words[1]);
  return fail({.code = "arguments.wrong_words",
               .message = "plugin has the commands 'list' and 'info ID'",
               .hint = "'snapcore help plugin' tells more"});
}

}  // namespace

const Command kPluginCommand = {
    .name = "plugin",
    .words = "list|info ID",
    .summary = "list the plugins there are, or show what one offers",
    .group = CommandGroup::kLook,
    .min_words = 1,
    .max_words = 2,
    .details =
        "Every plugin is loaded in a process of its own first; one that crashes "
        "there is a line in the list. Exit 1 when one of them cannot be used.",
    .run = plugin_command};

}  // namespace snapcore
