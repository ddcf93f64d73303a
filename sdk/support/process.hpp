// Runs another program and waits for it: no shell, no inherited descriptors, bounded output, a
// deadline.
//
// The child leads a process group of its own; that group is the only thing this ever ends. A
// background process that the program leaves behind after a normal exit is not touched (it may be
// the service that was asked for); it should have redirected its output, which nobody reads any
// more.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace snapcore::process {

// A process, named so that a reused pid is not mistaken for it, also after a reboot.
struct Identity {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  // since boot
  std::string boot = {};          // the kernel's boot id

  Value to_value() const;  // for a checkpoint
  static std::optional<Identity> from_value(const Value& value);
};

// Of a living process; empty when there is none.
std::optional<Identity> identify(pid_t pid);
// True while exactly this process exists (a zombie has ended).
bool is_running(const Identity& identity);

struct Command {
  std::vector<std::string> argv = {};  // argv[0] with a slash, or found in PATH
  // Given beside PATH, HOME, USER, LOGNAME, LANG, LC_ALL, TZ and SNAPCORE_RUN (which run began it)
  // of this process; nothing else is inherited.
  std::map<std::string, std::string> environment = {};
  std::string directory = "/";
  std::optional<std::chrono::milliseconds> deadline = {};
  int end_with = SIGTERM;  // what its group is asked with to end
  std::chrono::milliseconds grace = std::chrono::seconds(10);  // between that and SIGKILL
  std::size_t keep_output = 64 * 1024;                         // the last bytes of each stream
  // Descriptors, open for writing, that get a stream in place of Finished: for output that is
  // large, or for a program that must not be hurt when nobody reads any more.
  int output_to = -1;
  int errors_to = -1;
  std::function<bool()> cancelled = {};  // polled several times a second
  // Called once, before the program can have finished its work: the place for a checkpoint. When it
  // fails the group is ended and run() returns that error.
  std::function<Result<>(const Identity&)> started = {};
};

enum class End { kExited, kSignalled, kDeadline, kCancelled };

struct Finished {
  End end = End::kExited;
  int exit_code =
      0;           // kExited; -1 when the host program ignores its children, so that nobody knows
  int signal = 0;  // kSignalled
  std::string output = {};
  std::string errors = {};
  bool output_cut = false;  // the beginning of `output` or `errors` was dropped
  bool succeeded() const { return end == End::kExited && exit_code == 0; }
  // "exited with 3", "was ended by signal 9", "did not finish in 30 s", "was cancelled"
  std::string words() const;
};

// An error means that the program was not started ("process.not_found", "process.cannot_start"), or
// that `started` failed. How it ended, also by the deadline, is in the value.
Result<Finished> run(const Command& command);

// Turns anything but success into "process.failed" with the last line the program said. The outcome
// is may_have_happened, since nobody knows what it did before it ended.
Result<> require_success(const Finished& finished, const Command& command);

// One argument, quoted for a person to paste into a shell; and a whole command. Always one line: an
// argument with control characters is written as bash reads it, $'a\nb'.
std::string shell_quoted(std::string_view argument);
std::string shell_line(const std::vector<std::string>& argv);

}  // namespace snapcore::process
