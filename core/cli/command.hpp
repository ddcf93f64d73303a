// The commands: one file each, one table of all.
#pragma once

#include <atomic>
#include <filesystem>
#include <optional>
#include <snapcore/error.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "cli/exit_code.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"

namespace snapcore {

// What every command may be given.
struct Globals {
  std::optional<std::filesystem::path> site = {};
  std::optional<std::filesystem::path> state = {};
  std::vector<std::filesystem::path> plugin_dirs = {};
  OutputWish output = {};

  // The options as they were typed, to be repeated in commands to type next.
  std::string typed = {};
};

struct Invocation {
  const Globals& globals;
  const Options& options;
  Output& output;
  const Clock& clock;
  const std::atomic<bool>& cancelled;

  const std::vector<std::string>& words() const { return options.words(); }
};

enum class CommandGroup { kRestore, kLook, kHelp, kHidden };

struct Command {
  std::string_view name;
  std::string_view words;    // "RUNBOOK", as help shows them
  std::string_view summary;  // one line
  CommandGroup group = CommandGroup::kHelp;
  std::size_t min_words = 0;
  std::size_t max_words = 0;
  std::span<const Option> options = {};
  std::span<const Option> shared_options = {};  // of several commands
  std::string_view details = {};
  // Nothing was changed when it returns an error. What happens after the first act is reported by
  // the command itself, and the exit code says how it ended.
  Result<ExitCode> (*run)(Invocation& invocation) = nullptr;
};

extern const Command kRunCommand, kPlanCommand, kApplyCommand, kRestoreCommand, kCallCommand,
    kListCommand, kShowCommand, kRunsCommand, kPluginCommand, kHelpCommand, kResumeCommand,
    kReplanCommand, kRollbackCommand, kAcceptCommand, kResolveCommand, kAuditCommand, kCheckCommand;

std::span<const Command* const> all_commands();
const Command* find_command(std::string_view name);  // null when there is none
std::span<const Option> global_options();

// "arguments.unknown_command", "arguments.wrong_words" with the usage.
Result<Options> parse_for(const Command& command, const std::vector<std::string>& arguments);

// The whole program but for the process: returns the exit code. `arguments` without the program's
// name.
int run_program(const std::vector<std::string>& arguments, Output& output, const Clock& clock,
                const std::atomic<bool>& cancelled);

// What the global options say of the output, found before anything else is parsed.
OutputWish output_wish(const std::vector<std::string>& arguments);

}  // namespace snapcore
