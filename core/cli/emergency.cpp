#include "cli/emergency.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>

#include "cli/text/words.hpp"
#include "journal/state_directory.hpp"

namespace snapcore {
namespace {

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
std::string why_not_in_memory(const std::filesystem::path& state,
                              const std::filesystem::path& memory) {
  if (is_in_memory(state)) return "it lies in memory already";
  if (!is_in_memory(memory)) return memory.string() + " of this machine is no memory";
  if (::access(memory.c_str(), W_OK) != 0) return memory.string() + " cannot be written to";
  return "";
}

// What a state directory has, by name: how long the journals of its runs are. Nothing: it cannot be
// read.
using Journals = std::map<std::string, std::uintmax_t>;
std::optional<Journals> journals_in(const std::filesystem::path& state) {
  Journals journals;
  std::error_code problem;
  const auto runs = state / "runs";
  if (!std::filesystem::exists(runs, problem) && !problem) return journals;
  for (std::filesystem::directory_iterator at(runs, problem), end; !problem && at != end;
       at.increment(problem)) {
    std::error_code none;
    const auto size = std::filesystem::file_size(at->path() / "journal.jsonl", none);
    journals.emplace(at->path().filename().string(), none ? 0 : size);
  }
  if (problem) return std::nullopt;
  return journals;
}

// Whether `later` has all that `earlier` has, and as far.
bool goes_on_from(const Journals& later, const Journals& earlier) {
  return std::all_of(earlier.begin(), earlier.end(), [&](const auto& run) {
    const auto found = later.find(run.first);
    return found != later.end() && found->second >= run.second;
  });
}

// An earlier emergency may have left a state in memory that a run has gone on with: its journals
// are never replaced by those that stayed behind on the disk.
struct InMemory {
  std::string place;
  bool is_there = false;  // and goes on from what is on the disk
};
InMemory choose_place(const std::filesystem::path& memory, const Journals& on_disk) {
  std::error_code problem;
  for (int number = 1;; ++number) {
    const std::string name = "snapcore" + (number == 1 ? "" : "-" + std::to_string(number));
    InMemory found{.place = (memory / name).string()};
    if (!std::filesystem::exists(found.place, problem)) return found;
    const auto journals = journals_in(found.place);
    found.is_there = journals && goes_on_from(*journals, on_disk);
    if (found.is_there) return found;
  }
}

// Pasted again, it copies nothing.
std::string copy_once(const std::string& from, const std::string& to) {
  const std::string half = to + ".half";
  return "[ -e " + to + " ] || { cp -aT " + shell_word(from) + " " + half + " && mv -T " + half +
         " " + to + "; }";
}

// The command as it was given, with that state directory.
std::string with_state(const std::string& state, const std::vector<std::string>& arguments) {
  std::string text = "snapcore --state " + state;
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
                             const std::vector<std::string>& arguments,
                             const std::filesystem::path& memory) {
  const std::string why = innermost(error).code;
  const bool full = why == "file.no_space";
  const bool closed = why == "file.not_permitted" || why == "file.read_only";
  const bool acts = std::find(kActing.begin(), kActing.end(), command) != kActing.end();
  if (!acts || !(full || closed) || !is_of_the_state(error)) return error;
  const auto state = find_state_directory(globals.state, StateEnvironment::of_this_process());
  if (!state) return error;
  error.hint = full ? "free space in " + state->string()
                    : "make " + state->string() + " writable for this user";
  if (const std::string reason = why_not_in_memory(*state, memory); !reason.empty()) {
    error.hint +=
        ", or name another state directory with --state; a journal in memory instead is "
        "not possible: " +
        reason;
    return error;
  }
  const auto on_disk = journals_in(*state);
  if (!on_disk) {
    error.hint +=
        "; what is there cannot even be read, so that no journal in memory can go on from it";
    return error;
  }
  const InMemory place = choose_place(memory, *on_disk);
  error.hint +=
      ". IN AN EMERGENCY the journal can be kept in memory. It is lost, and with it the way back, "
      "when this machine stops: copy it to a disk as soon as there is one, and go on from one of "
      "the two alone";
  std::error_code problem;
  if (place.is_there)
    error.hint += ". One is in " + place.place + " already, with all that " + state->string() +
                  " has: nothing is copied again";
  else if (std::filesystem::exists(*state, problem))
    error.hint += "\n" + copy_once(state->string(), place.place);
  error.hint += "\n" + with_state(place.place, arguments);
  return error;
}

}  // namespace snapcore
