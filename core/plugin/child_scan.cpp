#include "plugin/child_scan.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <snapcore/value.hpp>
#include <utility>
#include <vector>

namespace snapcore {
namespace {

constexpr std::size_t kLargestOutput = std::size_t{8} << 20;

tl::unexpected<Error> crashed(const std::string& how) {
  return fail({.code = "plugin.crashed",
               .message = "it " + how + " while it was examined",
               .hint = "this is a mistake in the plugin; ask whoever made it",
               .category = Category::kInternal});
}

tl::unexpected<Error> system_failure(const char* what, int number) {
  return fail({.code = "plugin.scan_failed",
               .message = std::string("cannot examine it: ") + what + ": " + std::strerror(number),
               .category = Category::kTransient});
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_;
};

// What a loader needs, and nothing that could hold a secret.
bool may_inherit(std::string_view variable) {
  const std::string_view name = variable.substr(0, variable.find('='));
  for (const std::string_view kept : {"PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ"}) {
    if (name == kept) return true;
  }
  return name.ends_with("SAN_OPTIONS");  // the sanitizers' settings, in builds that have them
}

std::vector<char*> trimmed_environment() {
  std::vector<char*> kept;
  for (char** variable = environ; *variable; ++variable) {
    if (may_inherit(*variable)) kept.push_back(*variable);
  }
  kept.push_back(nullptr);
  return kept;
}

struct SpawnPlan {
  posix_spawn_file_actions_t files{};
  posix_spawnattr_t attributes{};
  SpawnPlan() {
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
  }
};

Result<pid_t> start(const std::filesystem::path& program, const std::filesystem::path& file,
                    int output) {
  SpawnPlan plan;
  posix_spawn_file_actions_addopen(&plan.files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&plan.files, output, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(&plan.files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&plan.attributes, &none);
  posix_spawnattr_setpgroup(&plan.attributes, 0);
  posix_spawnattr_setflags(&plan.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);

  std::array<std::string, 4> words = {program.string(), "plugin", "scan", file.string()};
  std::array<char*, 5> arguments = {words[0].data(), words[1].data(), words[2].data(),
                                    words[3].data(), nullptr};
  auto environment = trimmed_environment();
  pid_t child = 0;
  const int problem = posix_spawn(&child, program.c_str(), &plan.files, &plan.attributes,
                                  arguments.data(), environment.data());
  if (problem != 0) return system_failure("cannot start a child process", problem);
  return child;
}

enum class Ended { kFinished, kTimeout, kTooMuch };

using Deadline = std::chrono::steady_clock::time_point;

// False when the time is over before there is something to read, or to reap.
bool ready_before(Deadline deadline, int descriptor) {
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd wait{.fd = descriptor, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&wait, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) return true;
    if (ready == 0 || left.count() <= 0) return false;
  }
}

Ended collect(int input, Deadline deadline, std::string& output) {
  std::array<char, 64 * 1024> piece{};
  while (ready_before(deadline, input)) {
    const ssize_t got = ::read(input, piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Ended::kFinished;
    output.append(piece.data(), static_cast<std::size_t>(got));
    if (output.size() > kLargestOutput) return Ended::kTooMuch;
  }
  return Ended::kTimeout;
}

// A process that has closed its output may still go on.
Ended await_end(pid_t child, Deadline deadline) {
  const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
  if (process.number() < 0) return Ended::kFinished;  // an old kernel
  return ready_before(deadline, process.number()) ? Ended::kFinished : Ended::kTimeout;
}

int reap(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

Result<std::string> read_answer(int status, std::string output) {
  if (WIFSIGNALED(status)) {
    return crashed("died of signal " + std::to_string(WTERMSIG(status)) + " (" +
                   strsignal(WTERMSIG(status)) + ")");
  }
  if (WEXITSTATUS(status) == 0 && !output.empty()) return output;
  auto reported = Value::parse(output);
  if (reported && reported->is_object() && reported->has("code"))
    return fail(error_from(*reported));
  return crashed("ended with status " + std::to_string(WEXITSTATUS(status)) +
                 " and without a manifest");
}

}  // namespace

Result<std::string> scan_in_child(const std::filesystem::path& program,
                                  const std::filesystem::path& file,
                                  std::chrono::milliseconds limit) {
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_failure("no pipe", errno);
  Descriptor input(ends[0]);
  Descriptor output(ends[1]);
  auto child = start(program, file, output.number());
  output.close();
  if (!child) return fail(child.error());

  std::string text;
  const Deadline deadline = std::chrono::steady_clock::now() + limit;
  Ended ended = collect(input.number(), deadline, text);
  if (ended == Ended::kFinished) ended = await_end(*child, deadline);
  // Whatever the plugin started while it was loaded ends with it. Not reaped yet, the process still
  // holds the number of its group.
  ::kill(-*child, SIGKILL);
  const int status = reap(*child);
  if (ended == Ended::kTimeout) {
    return fail({.code = "plugin.scan_timeout",
                 .message = "it did not return within " + std::to_string(limit.count()) +
                            " ms of being examined",
                 .hint = "a plugin does nothing while it is loaded; ask whoever made it",
                 .category = Category::kInternal});
  }
  if (ended == Ended::kTooMuch) return crashed("wrote without end");
  return read_answer(status, std::move(text));
}

}  // namespace snapcore
