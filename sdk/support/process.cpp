#include "process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "files.hpp"

namespace snapcore::process {
namespace {

using Clock = std::chrono::steady_clock;
using files::UniqueFd;

constexpr std::array kInherited = {"PATH", "HOME",   "USER", "LOGNAME",
                                   "LANG", "LC_ALL", "TZ",   "SNAPCORE_RUN"};
constexpr char kDefaultPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

std::string search_path() {
  const char* path = ::getenv("PATH");
  return path && *path ? path : kDefaultPath;
}

Error cannot_start(const Command& command, int number) {
  return {.code = number == ENOENT ? "process.not_found" : "process.cannot_start",
          .message = "cannot start " + command.argv.front() + ": " +
                     std::generic_category().message(number),
          .category = Category::kPrecondition};
}

// Relative entries of PATH are skipped: what runs must not depend on where we stand.
std::optional<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const std::string path = search_path();
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string folder = path.substr(at, end - at);
    at = end + 1;
    if (folder.empty() || folder.front() != '/') continue;
    std::string candidate = folder + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

std::vector<std::string> environment_of(const Command& command) {
  std::map<std::string, std::string> variables = command.environment;
  for (const char* name : kInherited) {
    if (const char* value = ::getenv(name)) variables.emplace(name, value);
  }
  variables.emplace("PATH", kDefaultPath);
  std::vector<std::string> lines;
  for (const auto& [name, value] : variables) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

// The last bytes of a stream.
class Tail {
 public:
  Tail(UniqueFd fd, std::size_t keep) : fd_(std::move(fd)), keep_(keep) {}

  int fd() const { return fd_.get(); }

  // Takes what is there without waiting; closes at the end of the stream.
  void drain() {
    char piece[16384];
    while (fd_) {
      const auto got = ::read(fd_.get(), piece, sizeof piece);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0 && errno == EAGAIN) return;
      if (got <= 0) {
        fd_.close();
        return;
      }
      text_.append(piece, static_cast<std::size_t>(got));
      if (text_.size() > 2 * keep_ + sizeof piece) trim();
    }
  }

  std::string take() {
    trim();
    return std::move(text_);
  }
  bool cut() const { return cut_; }

 private:
  void trim() {
    if (text_.size() <= keep_) return;
    text_.erase(0, text_.size() - keep_);
    cut_ = true;
  }

  UniqueFd fd_;
  std::size_t keep_;
  std::string text_;
  bool cut_ = false;
};

struct Pipe {
  UniqueFd ours;
  UniqueFd theirs;
};

// Above the standard descriptors, which the child's dup2 would otherwise trample.
// `given` takes the place of both.
Result<Pipe> make_pipe(const Command& command, int given) {
  if (given >= 0) {
    Pipe pipe{UniqueFd(), UniqueFd(::fcntl(given, F_DUPFD_CLOEXEC, 3))};
    if (!pipe.theirs) return fail(cannot_start(command, errno));
    return pipe;
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail(cannot_start(command, errno));
  const UniqueFd low_read(ends[0]);
  const UniqueFd low_write(ends[1]);
  Pipe pipe{UniqueFd(::fcntl(low_read.get(), F_DUPFD_CLOEXEC, 3)),
            UniqueFd(::fcntl(low_write.get(), F_DUPFD_CLOEXEC, 3))};
  if (!pipe.ours || !pipe.theirs) return fail(cannot_start(command, errno));
  ::fcntl(pipe.ours.get(), F_SETFL, O_NONBLOCK);
  return pipe;
}

struct Actions {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  Actions() {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
  }
  ~Actions() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
  Actions(const Actions&) = delete;
  Actions& operator=(const Actions&) = delete;
};

int prepare(Actions& actions, const Command& command, int out, int err) {
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  const int steps[] = {
      ::posix_spawn_file_actions_addopen(&actions.files, 0, "/dev/null", O_RDONLY, 0),
      ::posix_spawn_file_actions_adddup2(&actions.files, out, 1),
      ::posix_spawn_file_actions_adddup2(&actions.files, err, 2),
      ::posix_spawn_file_actions_addclosefrom_np(&actions.files, 3),
      ::posix_spawn_file_actions_addchdir_np(&actions.files, command.directory.c_str()),
      ::posix_spawnattr_setpgroup(&actions.attributes, 0),
      ::posix_spawnattr_setsigmask(&actions.attributes, &none),
      ::posix_spawnattr_setsigdefault(&actions.attributes, &all),
      ::posix_spawnattr_setflags(&actions.attributes, POSIX_SPAWN_SETPGROUP |
                                                          POSIX_SPAWN_SETSIGMASK |
                                                          POSIX_SPAWN_SETSIGDEF)};
  for (const int step : steps) {
    if (step != 0) return step;
  }
  return 0;
}

// A started child, not reaped until the end: as long as it is not, its pid and group cannot be
// reused, so that no signal of ours can reach anybody else.
class Child {
 public:
  Child(pid_t pid, Tail out, Tail err) : pid_(pid), out_(std::move(out)), err_(std::move(err)) {
    watch_ = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  }
  ~Child() {
    if (!reaped_) end_group(SIGKILL), reap();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  void end_group(int signal) const { ::kill(-pid_, signal); }

  bool has_exited() const {
    siginfo_t state = {};
    const auto id = static_cast<id_t>(pid_);
    if (::waitid(P_PID, id, &state, WEXITED | WNOHANG | WNOWAIT) == 0) return state.si_pid == pid_;
    return errno == ECHILD;  // somebody else reaped it, or children are ignored: its end is lost
  }

  // Waits for output, for the end, or a while.
  void wait_a_while() {
    pollfd watched[3] = {{watch_.get(), POLLIN, 0}, {out_.fd(), POLLIN, 0}, {err_.fd(), POLLIN, 0}};
    ::poll(watched, 3, watch_ ? 100 : 20);  // negative descriptors are ignored
    out_.drain();
    err_.drain();
  }

  Finished reap() {
    int status = 0;
    pid_t reaped = -1;
    do {
      reaped = ::waitpid(pid_, &status, 0);
    } while (reaped < 0 && errno == EINTR);
    reaped_ = true;
    out_.drain();
    err_.drain();
    Finished finished;
    finished.end = reaped >= 0 && WIFSIGNALED(status) ? End::kSignalled : End::kExited;
    if (finished.end == End::kSignalled) finished.signal = WTERMSIG(status);
    finished.exit_code = reaped < 0 ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    finished.output = out_.take();
    finished.errors = err_.take();
    finished.output_cut = out_.cut() || err_.cut();
    return finished;
  }

 private:
  pid_t pid_;
  Tail out_;
  Tail err_;
  UniqueFd watch_;
  bool reaped_ = false;
};

Finished end_early(Child& child, const Command& command, End why) {
  child.end_group(command.end_with);
  const auto patience = Clock::now() + command.grace;
  while (!child.has_exited() && Clock::now() < patience) child.wait_a_while();
  child.end_group(SIGKILL);  // also those of the group that outlived its leader
  while (!child.has_exited()) child.wait_a_while();
  Finished finished = child.reap();
  finished.end = why;
  return finished;
}

Finished wait_for(Child& child, const Command& command) {
  const auto begun = Clock::now();
  while (!child.has_exited()) {
    if (command.cancelled && command.cancelled()) return end_early(child, command, End::kCancelled);
    if (command.deadline && Clock::now() - begun >= *command.deadline) {
      return end_early(child, command, End::kDeadline);
    }
    child.wait_a_while();
  }
  return child.reap();
}

// Bytes at the beginning that are one control character: 0, 1, or 2 for U+0080 to U+009F, which a
// terminal may take for escape sequences.
std::size_t control_at(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  if (byte(0) < 0x20 || byte(0) == 0x7f) return 1;
  const bool upper = byte(0) == 0xc2 && text.size() > 1 && byte(1) >= 0x80 && byte(1) < 0xa0;
  return upper ? 2 : 0;
}

bool has_control(std::string_view text) {
  for (; !text.empty(); text.remove_prefix(1)) {
    if (control_at(text) > 0) return true;
  }
  return false;
}

std::string escaped(char byte) {
  if (byte == '\n') return "\\n";
  if (byte == '\t') return "\\t";
  const auto value = static_cast<unsigned char>(byte);
  return {'\\', static_cast<char>('0' + (value >> 6)), static_cast<char>('0' + (value >> 3 & 7)),
          static_cast<char>('0' + (value & 7))};
}

// What POSIX quotes cannot say in one line; bash, zsh and ksh read it.
std::string ansi_quoted(std::string_view text) {
  std::string quoted = "$'";
  while (!text.empty()) {
    const std::size_t control = control_at(text);
    for (const char c : text.substr(0, control)) quoted += escaped(c);
    if (control == 0 && (text[0] == '\'' || text[0] == '\\')) quoted += '\\';
    if (control == 0) quoted += text[0];
    text.remove_prefix(control == 0 ? 1 : control);
  }
  return quoted + "'";
}

std::string last_line(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  const auto start = text.rfind('\n');
  return std::string(start == std::string_view::npos ? text : text.substr(start + 1));
}

}  // namespace

Result<Finished> run(const Command& command) {
  if (command.argv.empty() || command.argv.front().empty()) {
    return fail({.code = "process.cannot_start", .message = "no program is named"});
  }
  const auto program = find_program(command.argv.front());
  if (!program) return fail(cannot_start(command, ENOENT));
  auto out = make_pipe(command, command.output_to);
  if (!out) return fail(out.error());
  auto err = make_pipe(command, command.errors_to);
  if (!err) return fail(err.error());

  Actions actions;
  if (const int wrong = prepare(actions, command, out->theirs.get(), err->theirs.get())) {
    return fail(cannot_start(command, wrong));
  }
  std::vector<std::string> argv = command.argv;
  std::vector<std::string> environment = environment_of(command);
  pid_t pid = 0;
  if (const int wrong = ::posix_spawn(&pid, program->c_str(), &actions.files, &actions.attributes,
                                      pointers(argv).data(), pointers(environment).data())) {
    return fail(cannot_start(command, wrong));
  }
  out->theirs.close();
  err->theirs.close();
  Child child(pid, Tail(std::move(out->ours), command.keep_output),
              Tail(std::move(err->ours), command.keep_output));
  if (command.started) {
    const auto identity = identify(pid);
    if (auto noted = command.started(identity ? *identity : Identity{.pid = pid}); !noted) {
      end_early(child, command, End::kCancelled);
      return fail(caused_by({.code = "process.ended",
                             .message = command.argv.front() + " was ended right after its start"},
                            noted.error()));
    }
  }
  return wait_for(child, command);
}

std::string Finished::words() const {
  switch (end) {
    case End::kExited: return "exited with " + std::to_string(exit_code);
    case End::kSignalled: return "was ended by signal " + std::to_string(signal);
    case End::kDeadline: return "did not finish in time and was ended";
    case End::kCancelled: break;
  }
  return "was cancelled";
}

Result<> require_success(const Finished& finished, const Command& command) {
  if (finished.succeeded()) return {};
  std::string message = "'" + shell_line(command.argv) + "' " + finished.words();
  std::string said = last_line(finished.errors);
  if (said.empty()) said = last_line(finished.output);
  if (!said.empty()) message += ": " + said;
  return fail(
      {.code = "process.failed",
       .message = std::move(message),
       .category = finished.end == End::kDeadline ? Category::kTransient : Category::kPermanent,
       .outcome = Outcome::kMayHaveHappened});
}

std::string shell_quoted(std::string_view argument) {
  const bool plain =
      !argument.empty() && argument.find_first_not_of(
                               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_-./:=@%+,") == std::string_view::npos;
  if (plain) return std::string(argument);
  if (has_control(argument)) return ansi_quoted(argument);
  std::string quoted = "'";
  for (const char c : argument) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

std::string shell_line(const std::vector<std::string>& argv) {
  std::string line;
  for (const auto& argument : argv) {
    if (!line.empty()) line += ' ';
    line += shell_quoted(argument);
  }
  return line;
}

}  // namespace snapcore::process
