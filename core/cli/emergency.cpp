#include "cli/emergency.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "cli/text/words.hpp"
#include "journal/state_directory.hpp"

namespace snapcore {
namespace {

constexpr const char* kMemory = "/dev/shm";
constexpr const char* kMemoryState = "/dev/shm/snapcore";

// What acts: everything else only looks, and looking needs no journal.
constexpr std::array<std::string_view, 9> kActing = {
    "run", "apply", "call", "restore", "resume", "rollback", "replan", "accept", "resolve"};

const Error& innermost(const Error& error) {
  const Error* first = &error;
  while (first->cause) first = first->cause.get();
  return *first;
}

bool is_of_the_state(const Error& error) {
  for (const Error* each = &error; each; each = each->cause.get()) {
    for (const char* area : {"state.", "lease.", "journal."})
      if (each->code.rfind(area, 0) == 0) return true;
  }
  return false;
}

// Nothing: one can be kept there.
std::string why_not_in_memory(const std::filesystem::path& state) {
  if (is_in_memory(state)) return "it lies in memory already";
  if (!is_in_memory(kMemory)) return std::string(kMemory) + " of this machine is no memory";
  if (::access(kMemory, W_OK) != 0) return std::string(kMemory) + " cannot be written to";
  return "";
}

// The command as it was given, with that state directory.
std::string with_state(const std::vector<std::string>& arguments) {
  std::string text = std::string("snapcore --state ") + kMemoryState;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--state") {
      ++i;
    } else if (arguments[i].rfind("--state=", 0) != 0) {
      text += " " + shell_word(arguments[i]);
    }
  }
  return text;
}

}  // namespace

Error with_emergency_journal(Error error, std::string_view command, const Globals& globals,
                             const std::vector<std::string>& arguments) {
  const std::string why = innermost(error).code;
  const bool full = why == "file.no_space";
  const bool closed = why == "file.not_permitted" || why == "file.read_only";
  const bool acts = std::find(kActing.begin(), kActing.end(), command) != kActing.end();
  if (!acts || !(full || closed) || !is_of_the_state(error)) return error;
  const auto state = find_state_directory(globals.state, StateEnvironment::of_this_process());
  if (!state) return error;
  error.hint = full ? "free space in " + state->string()
                    : "make " + state->string() + " writable for this user";
  if (const std::string reason = why_not_in_memory(*state); !reason.empty()) {
    error.hint +=
        ", or name another state directory with --state; a journal in memory instead is "
        "not possible: " +
        reason;
    return error;
  }
  error.hint +=
      ". IN AN EMERGENCY the journal can be kept in memory. It is lost, and with it the way back, "
      "when this machine stops: copy it to a disk as soon as there is one, and go on from one of "
      "the two alone";
  std::error_code problem;
  if (std::filesystem::exists(*state, problem))
    error.hint += "\ncp -aT " + shell_word(state->string()) + " " + kMemoryState;
  error.hint += "\n" + with_state(arguments);
  return error;
}

}  // namespace snapcore
