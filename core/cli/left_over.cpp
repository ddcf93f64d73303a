#include "cli/left_over.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "base/text.hpp"

namespace snapcore {
namespace {

constexpr const char* kMark = "SNAPCORE_RUN";
constexpr int kSecondsToWait = 10;

// Of /proc: texts that end in NUL.
std::vector<std::string> texts_in(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::vector<std::string> texts;
  for (std::string text; std::getline(stream, text, '\0');) texts.push_back(std::move(text));
  return texts;
}

bool writes_to_a_pipe(const std::filesystem::path& process) {
  const auto is_pipe = [&](const char* descriptor) {
    std::error_code problem;
    const auto target = std::filesystem::read_symlink(process / "fd" / descriptor, problem);
    return !problem && target.string().rfind("pipe:", 0) == 0;
  };
  return is_pipe("1") || is_pipe("2");
}

std::string command_of(const std::filesystem::path& process) {
  std::string command;
  for (const std::string& word : texts_in(process / "cmdline"))
    command += (command.empty() ? "" : " ") + word;
  return printable(command, 120);
}

}  // namespace

void mark_children(const std::string& run_id) { ::setenv(kMark, run_id.c_str(), 1); }

std::vector<LeftOver> left_over_of(const std::string& run_id, const std::filesystem::path& proc) {
  const std::string mark = std::string(kMark) + "=" + run_id;
  std::vector<LeftOver> found;
  std::error_code problem;
  for (std::filesystem::directory_iterator entry(proc, problem), end; !problem && entry != end;
       entry.increment(problem)) {
    const std::string name = entry->path().filename();
    pid_t pid = 0;
    const auto [stop, bad] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (bad != std::errc() || stop != name.data() + name.size() || pid == ::getpid()) continue;
    const auto environment = texts_in(entry->path() / "environ");
    if (std::find(environment.begin(), environment.end(), mark) == environment.end()) continue;
    if (writes_to_a_pipe(entry->path())) found.push_back({pid, command_of(entry->path())});
  }
  return found;
}

void wait_for_left_over(Invocation& invocation, const std::string& run_id, Sleeper& sleeper) {
  Output& output = invocation.output;
  std::vector<LeftOver> left = left_over_of(run_id);
  for (const LeftOver& process : left) {
    output.say("process " + std::to_string(process.pid) + ", '" + process.command +
               "', was begun by the run and still works: waits for it, " +
               std::to_string(kSecondsToWait) + " s at most\n");
  }
  for (int second = 0; !left.empty() && second < kSecondsToWait; ++second) {
    if (!sleeper.sleep(std::chrono::seconds(1), invocation.cancelled)) return;
    left = left_over_of(run_id);
  }
  for (const LeftOver& process : left) {
    output.say("process " + std::to_string(process.pid) +
               " has not ended; the run goes on beside it\n");
  }
}

}  // namespace snapcore
