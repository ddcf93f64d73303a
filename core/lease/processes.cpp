#include "lease/processes.hpp"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <system_error>

#include "base/host.hpp"

namespace snapcore {
namespace {

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string id;
  std::getline(file, id);
  return id;
}

// "pid:[4026531836]"
std::string pid_space() {
  std::error_code problem;
  return std::filesystem::read_symlink("/proc/self/ns/pid", problem).string();
}

struct Stat {
  bool ended = false;  // a zombie: only its exit code is left
  std::uint64_t start_ticks = 0;
};

std::optional<Stat> stat_of(const std::string& process) {
  std::ifstream file("/proc/" + process + "/stat");
  std::string text;
  std::getline(file, text, '\0');
  // The name in brackets may hold anything, so the fields are counted from the last bracket: state
  // is field 3, the start time field 22.
  const auto bracket = text.rfind(')');
  if (bracket == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(bracket + 1));
  std::string state, skipped;
  fields >> state;
  for (int field = 4; field < 22; ++field) fields >> skipped;
  Stat stat{.ended = state == "Z" || state == "X"};
  if (!(fields >> stat.start_ticks)) return std::nullopt;
  return stat;
}

}  // namespace

LeaseHolder this_process(std::string run, std::string words) {
  const auto stat = stat_of("self");
  return {.run = std::move(run),
          .host = host_name(),
          .process = {.pid = ::getpid(),
                      .start_ticks = stat ? stat->start_ticks : 0,
                      .boot = boot_id(),
                      .pid_space = pid_space()},
          .words = std::move(words)};
}

Liveness RealProcesses::look_for(const LeaseHolder& holder) const {
  const Process& process = holder.process;
  if (holder.host != host_name() || process.boot.empty() || process.boot != boot_id() ||
      process.pid_space.empty() || process.pid_space != pid_space() || process.pid <= 0 ||
      process.pid > std::numeric_limits<pid_t>::max()) {
    return Liveness::kUnknown;
  }
  if (const auto stat = stat_of(std::to_string(process.pid))) {
    const bool same = stat->start_ticks == process.start_ticks;
    return same && !stat->ended ? Liveness::kRunning : Liveness::kGone;
  }
  // Processes of other users may be hidden from /proc, but not from a signal.
  const bool none = ::kill(static_cast<pid_t>(process.pid), 0) != 0 && errno == ESRCH;
  return none ? Liveness::kGone : Liveness::kUnknown;
}

}  // namespace snapcore
