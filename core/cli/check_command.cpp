#include <algorithm>

#include "cli/command.hpp"
#include "cli/open_site.hpp"
#include "cli/planning.hpp"
#include "cli/run_options.hpp"
#include "runbook/check.hpp"

namespace snapcore {
namespace {

constexpr std::array kOptions = {kSetOption};

// As an editor that was started here opens it.
std::string path_from_here(const std::string& path) {
  std::error_code problem;
  const auto here = std::filesystem::current_path(problem);
  if (problem) return path;
  const auto near = std::filesystem::path(path).lexically_relative(here);
  return near.empty() || *near.begin() == ".." ? path : near.string();
}

// Lines name a text as Lua knows it; people know its file.
std::string file_of(const Runbook& runbook, const std::string& name) {
  const auto& sources = runbook.sources();
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::string known = i == 0 ? sources[i].name : sources[i].name + ".lua";
    if (known == name && !sources[i].path.empty()) return path_from_here(sources[i].path);
  }
  return name;
}

std::string on_one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

void show(Output& output, const std::string& file, const Checking::Finding& finding) {
  const Error& error = finding.error;
  output.event("finding", Value::object({{"file", file},
                                         {"line", finding.line.number},
                                         {"message", error.message},
                                         {"hint", error.hint},
                                         {"code", error.code}}));
  if (output.json()) return;
  const std::string text = error.message + (error.hint.empty() ? "" : "; " + error.hint);
  output.print(shown(output.out_style(),
                     file + ":" + std::to_string(finding.line.number) + ": " + on_one_line(text)) +
               "\n");
}

Result<ExitCode> check(Invocation& invocation) {
  auto wish = run_wish(invocation.options);
  if (!wish) return fail(wish.error());
  auto site = open_site_if_any(invocation.globals);
  if (!site) return fail(site.error());
  auto runbook = find_runbook(invocation.words().front());
  if (!runbook) return fail(runbook.error());
  const bool compared = (*site)->found();
  const auto findings =
      check_runbook(*runbook, compared ? &(*site)->instances : nullptr, wish->params);
  Output& output = invocation.output;
  for (const auto& finding : findings) show(output, file_of(*runbook, finding.line.file), finding);
  output.add_to_result("findings", findings.size());
  if (compared) output.add_to_result("site", (*site)->site.path.string());
  if (!compared && !output.json())
    output.say_line("no site was found: instances, operations and arguments were not compared");
  return findings.empty() ? ExitCode::kDone : ExitCode::kWrongInput;
}

}  // namespace

const Command kCheckCommand = {
    .name = "check",
    .words = "RUNBOOK",
    .summary = "find mistakes in a runbook, for editors and CI; asks no system",
    .group = CommandGroup::kLook,
    .min_words = 1,
    .max_words = 1,
    .options = kOptions,
    .details =
        "Prints FILE:LINE: MESSAGE for each finding in the runbook and the modules it requires: "
        "syntax, names that do not exist, instances and operations that the site does not have, "
        "arguments that do not fit. No instance is opened. What depends on a value that only a "
        "live system knows is not reported. Exit 4 when there are findings.\n"
        "Without a site only the text is looked at. Parameters that are not given with --set are "
        "taken as unknown.",
    .run = check};

}  // namespace snapcore
