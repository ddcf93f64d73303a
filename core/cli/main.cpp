// The process: signals, core dumps, and the wall that exceptions stop at.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <exception>
#include <iostream>
#include <string_view>
#include <thread>

#include "cli/command.hpp"
#include "cli/cut_off.hpp"
#include "cli/exit_code.hpp"
#include "cli/last_line.hpp"
#include "plugin/search.hpp"

#if defined(__SANITIZE_ADDRESS__)
// Up to GCC 13 the leak check mistakes a thread's variables of a plugin for ones with a header of
// an old libc when they lie 16 bytes into a page, which chance decides, and crashes on the length
// it reads there.
extern "C" const char* __asan_default_options();  // NOLINT(bugprone-reserved-identifier)
const char* __asan_default_options() {            // NOLINT(bugprone-reserved-identifier)
  return "intercept_tls_get_addr=0";
}
#endif

namespace {

std::atomic<bool> cancelled = false;
static_assert(std::atomic<bool>::is_always_lock_free);

constexpr int kInterrupted = static_cast<int>(snapcore::ExitCode::kInterrupted);
constexpr int kNotBegun = static_cast<int>(snapcore::ExitCode::kFailedUntouched);

constexpr std::string_view kStopping =
    "\nsnapcore: stopping behind what is being done now; once more stops at once, in the middle\n";

void tell(std::string_view text) {
  [[maybe_unused]] const auto told = write(STDERR_FILENO, text.data(), text.size());
}

std::atomic<std::int64_t> first_signal = 0;
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

// What sends a signal to a process and then to its group, as timeout does, means it once.
constexpr std::int64_t kStillTheFirst = 200;  // milliseconds

std::int64_t milliseconds() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// The first signal asks the run to stop after what it is doing; the second one does not wait.
void on_signal(int) {
  if (!cancelled.exchange(true)) {
    first_signal = milliseconds();
    return tell(kStopping);
  }
  if (milliseconds() - first_signal < kStillTheFirst) return;
  snapcore::tell_cut_off(STDERR_FILENO, STDOUT_FILENO);
  _exit(kInterrupted);
}

void handle_signals() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaction(signal, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

// Secrets are in memory. The hard limit stays, so that services which a run starts can have what
// they had.
void switch_core_dumps_off() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_CORE, &limit) == 0) {
    limit.rlim_cur = 0;
    setrlimit(RLIMIT_CORE, &limit);
  }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  prctl(PR_SET_DUMPABLE, 0);  // the sanitizers look at their own process from outside
#endif
}

int run(const std::vector<std::string>& arguments) {
  const snapcore::OutputWish wish = snapcore::output_wish(arguments);
  if (wish.json) snapcore::owe_last_line();
  snapcore::Output output = snapcore::Output::of_this_process(wish);
  const snapcore::SystemClock clock;
  const int exit = snapcore::run_program(arguments, output, clock, cancelled);
  if (std::cout.flush()) return exit;
  std::cerr
      << "snapcore: standard output could not be written; what was to be shown there is lost\n";
  return exit == 0 ? static_cast<int>(snapcore::ExitCode::kDoneWithWarnings) : exit;
}

int run_guarded(const std::vector<std::string>& arguments) {
  try {
    return run(arguments);
  } catch (const std::exception& problem) {
    std::cerr << "snapcore: a bug: " << problem.what() << "\n";
  } catch (...) {
    std::cerr << "snapcore: a bug: an exception of unknown type\n";
  }
  return static_cast<int>(snapcore::ExitCode::kNeedsPerson);
}

// A signal goes to the thread that main() began on as long as that takes it. Plugins run on another
// one, so that none of their system calls is broken off.
int run_apart(const std::vector<std::string>& arguments) {
  int exit = static_cast<int>(snapcore::ExitCode::kNeedsPerson);
  std::thread([&] { exit = run_guarded(arguments); }).join();
  return exit;
}

// Whoever started us without them: the first file that is opened, the journal for instance, would
// take the place of what is missing, and get all that is said.
bool open_what_is_missing() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fcntl(fd, F_GETFD) >= 0 || errno != EBADF) continue;
    if (open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) != fd) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  if (!open_what_is_missing()) return kNotBegun;
  switch_core_dumps_off();
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  if (arguments.size() == 3 && arguments[0] == "plugin" && arguments[1] == "scan")
    return snapcore::scan_plugin_in_this_process(arguments[2]);
  handle_signals();
  return run_apart(arguments);
}
