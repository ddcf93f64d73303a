#include "program.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <snapcore/support/files.hpp>
#include <snapcore/utf8.hpp>

#include "messages.hpp"

extern char** environ;  // NOLINT(readability-redundant-declaration): not in every unistd.h

namespace tfstate {
namespace {

namespace fs = std::filesystem;
namespace files = snapcore::files;
namespace process = snapcore::process;
using files::UniqueFd;
using snapcore::Category;
using snapcore::fail;
using snapcore::shown;

constexpr std::uint64_t kMostOutput = 512 << 20;
constexpr std::uint64_t kMostReadBack = 8 << 20;
constexpr std::string_view kAlwaysHandedOn[] = {"TF_VAR_*", "TF_TOKEN_*", "TF_ENCRYPTION"};

// Relative entries of PATH are skipped: what runs must not depend on where we stand.
std::optional<std::string> in_path(const std::string& name) {
  const char* given = ::getenv("PATH");
  const std::string path = given && *given ? given : "/usr/local/bin:/usr/bin:/bin";
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string candidate = path.substr(at, end - at) + "/" + name;
    at = end + 1;
    if (candidate.starts_with('/') && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

snapcore::Error no_tool(std::string message) {
  return {.code = "tfstate.no_tool",
          .message = std::move(message),
          .hint = "the setting 'tool' of the instance names it",
          .category = Category::kPrecondition};
}

Result<std::string> find_path(const ToolSettings& settings) {
  if (settings.tool) {
    if (settings.tool->starts_with('/')) return *settings.tool;
    if (auto found = in_path(*settings.tool)) return *found;
    return fail(no_tool("there is no program " + shown(*settings.tool) + " in PATH"));
  }
  for (const char* name : {"tofu", "terraform"}) {
    if (auto found = in_path(name)) return *found;
  }
  return fail(no_tool("neither tofu nor terraform is in PATH"));
}

bool matches(std::string_view name, std::string_view pattern) {
  if (!pattern.ends_with('*')) return name == pattern;
  pattern.remove_suffix(1);
  return name.starts_with(pattern);
}

// With whatever ends this process: the tool is asked to end when the thread that waits for it does.
std::vector<std::string> ending_with_us(std::vector<std::string> command) {
  static const std::optional<std::string> kSetpriv = in_path("setpriv");
  if (!kSetpriv) return command;
  std::vector<std::string> wrapped = {*kSetpriv, "--pdeathsig", "INT"};
  wrapped.insert(wrapped.end(), command.begin(), command.end());
  return wrapped;
}

Result<UniqueFd> made_new(const fs::path& file) {
  if (auto removed = files::remove_file(file); !removed) return fail(removed.error());
  return files::create_file(file);
}

std::uint64_t size_of(const UniqueFd& fd) {
  struct stat found = {};
  return ::fstat(fd.get(), &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
}

fs::path errors_beside(const fs::path& output) { return output.string() + ".err"; }

}  // namespace

Result<Program> Program::find(const WorkPlace& place) {
  if (place.directory.empty()) {
    return fail({.code = "tfstate.no_directory",
                 .message = "the site names no working directory, where the tool could be run",
                 .hint = "the member 'directory' names it",
                 .category = Category::kPrecondition});
  }
  const ToolSettings& settings = place.tool;
  auto path = find_path(settings);
  if (!path) return fail(path.error());
  Program program(std::move(*path), settings);
  if (auto known = program.ask_version(); !known) return fail(known.error());
  return program;
}

// "OpenTofu v1.12.6", on a line of its own.
Result<> Program::ask_version() {
  const auto answer = process::run({.argv = {path_, "version"},
                                    .environment = environment(),
                                    .directory = "/",
                                    .deadline = std::chrono::seconds(30)});
  if (!answer) return fail(no_tool("cannot start " + shown(path_) + ": " + answer.error().message));
  for (const std::string product : {"OpenTofu", "Terraform"}) {
    const std::string before = product + " v";
    std::size_t at = answer->output.find(before);
    if (at == std::string::npos || (at > 0 && answer->output[at - 1] != '\n')) continue;
    at += before.size();
    product_ = product;
    version_ = shown(answer->output.substr(at, answer->output.find_first_of("\r\n ", at) - at));
    return {};
  }
  return fail(no_tool(shown(path_) + " is neither OpenTofu nor Terraform: it " + answer->words() +
                      " when asked for its version"));
}

std::map<std::string, std::string> Program::environment() const {
  std::map<std::string, std::string> variables = {
      {"TF_IN_AUTOMATION", "1"}, {"TF_INPUT", "0"}, {"CHECKPOINT_DISABLE", "1"}};
  const auto handed_on = [&](std::string_view name) {
    for (const std::string_view pattern : kAlwaysHandedOn) {
      if (matches(name, pattern)) return true;
    }
    for (const std::string& pattern : settings_.environment) {
      if (matches(name, pattern)) return true;
    }
    return false;
  };
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view line = *entry;
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || !handed_on(line.substr(0, equals))) continue;
    variables.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return variables;
}

Result<process::Finished> Program::run(const std::vector<std::string>& arguments,
                                       const Work& work) const {
  auto output = made_new(work.output);
  if (!output) return fail(output.error());
  auto errors = made_new(errors_beside(work.output));
  if (!errors) return fail(errors.error());
  bool too_much = false;
  process::Command command{.argv = {path_},
                           .environment = environment(),
                           .directory = work.directory.string(),
                           .deadline = settings_.timeout.length,
                           .end_with = SIGINT,
                           .output_to = output->get(),
                           .errors_to = errors->get(),
                           .started = work.started};
  for (const auto& [name, value] : work.environment) command.environment[name] = value;
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  // Ended in the middle of a change, it would lose track of what it made.
  if (work.started) command.grace = settings_.timeout.length;
  const std::string shown_command = shown(process::shell_line(command.argv));
  command.argv = ending_with_us(std::move(command.argv));
  command.cancelled = [&] {
    too_much = size_of(*output) + size_of(*errors) > kMostOutput;
    return too_much || (work.cancelled && work.cancelled());
  };
  auto finished = process::run(command);
  if (!finished) return finished;
  if (finished->end != process::End::kDeadline && finished->end != process::End::kCancelled)
    return finished;
  return fail({.code = too_much                                   ? "tfstate.tool_said_too_much"
                       : finished->end == process::End::kDeadline ? "tfstate.tool_too_slow"
                                                                  : "tfstate.stopped",
               .message = "'" + shown_command + "' " + finished->words(),
               .hint = finished->end == process::End::kDeadline
                           ? "the setting 'tool_timeout' says how long it may take"
                           : "",
               .category = Category::kTransient,
               .outcome = snapcore::Outcome::kMayHaveHappened});
}

std::string reason_of(const fs::path& output) {
  const auto said = files::read_file(output, kMostReadBack);
  if (said) {
    if (auto error = first_error(*said)) return *error;
  }
  const auto errors = files::read_file(errors_beside(output), kMostReadBack);
  for (const auto* text : {&errors, &said}) {
    if (!*text) continue;
    if (std::string words = error_in_text(**text); !words.empty()) return words;
  }
  return "it does not say why";
}

snapcore::Error tool_failed(const Program& program, std::string_view doing,
                            const process::Finished& finished, const fs::path& output) {
  return {.code = "tfstate.tool_failed",
          .message = std::string(doing) + " of " + program.name() + " " + finished.words() + ": " +
                     reason_of(output),
          .category = Category::kPermanent};
}

}  // namespace tfstate
