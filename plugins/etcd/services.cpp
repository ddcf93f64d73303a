#include "services.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <snapcore/support/files.hpp>
#include <snapcore/support/process.hpp>
#include <thread>

#include "observe.hpp"

namespace etcd {
namespace {

namespace files = snapcore::files;
namespace process = snapcore::process;
using snapcore::Category;
using snapcore::fail;
using snapcore::Outcome;
using Clock = std::chrono::steady_clock;

constexpr int kConnectMilliseconds = 1000;
constexpr auto kPause = std::chrono::milliseconds(50);

enum class Connection { kAccepted, kRefused, kNoAnswer };

Connection connect_to(const struct addrinfo& address) {
  const files::UniqueFd fd(::socket(
      address.ai_family, address.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, address.ai_protocol));
  if (!fd) return Connection::kRefused;
  if (::connect(fd.get(), address.ai_addr, address.ai_addrlen) == 0) return Connection::kAccepted;
  if (errno != EINPROGRESS) return Connection::kRefused;
  struct pollfd waiting = {.fd = fd.get(), .events = POLLOUT, .revents = 0};
  if (::poll(&waiting, 1, kConnectMilliseconds) <= 0) return Connection::kNoAnswer;
  int problem = 0;
  socklen_t size = sizeof problem;
  ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &problem, &size);
  return problem == 0 ? Connection::kAccepted : Connection::kRefused;
}

// Only an address of this machine can be bound.
bool is_ours(const struct addrinfo& address) {
  const files::UniqueFd fd(::socket(address.ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_storage any_port = {};
  std::memcpy(&any_port, address.ai_addr, address.ai_addrlen);
  // The port stands at the same place for both families.
  reinterpret_cast<sockaddr_in*>(&any_port)->sin_port = 0;
  return fd &&
         ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any_port), address.ai_addrlen) == 0;
}

// A closed port of this machine refuses at once. One that keeps silent belongs to a process that
// hangs; on another machine silence says nothing.
bool is_open(const struct addrinfo& address) {
  const Connection connection = connect_to(address);
  return connection == Connection::kAccepted ||
         (connection == Connection::kNoAnswer && is_ours(address));
}

bool is_open(const Url& url) {
  struct addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  struct addrinfo* list = nullptr;
  if (::getaddrinfo(url.host.c_str(), std::to_string(url.port).c_str(), &hints, &list) != 0)
    return false;
  const std::unique_ptr<struct addrinfo, decltype(&::freeaddrinfo)> owned(list, &::freeaddrinfo);
  for (const struct addrinfo* at = list; at; at = at->ai_next) {
    if (is_open(*at)) return true;
  }
  return false;
}

// etcd holds an exclusive lock on its database for as long as it lives.
bool is_locked(const std::filesystem::path& database) {
  const auto fd = files::open_for_reading(database);
  return fd && ::flock(fd->get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

std::string last_line(const std::string& text) {
  const auto end = text.find_last_not_of("\r\n");
  if (end == std::string::npos) return "";
  const auto begin = text.find_last_of("\r\n", end);
  const auto from = begin == std::string::npos ? 0 : begin + 1;
  return text.substr(from, std::min<std::size_t>(end + 1 - from, 300));
}

std::string ending(const process::Finished& finished) {
  const std::string said = last_line(finished.errors.empty() ? finished.output : finished.errors);
  return finished.words() + (said.empty() ? "" : " and said: " + said);
}

Result<process::Finished> run(const std::vector<std::string>& argv,
                              std::chrono::milliseconds deadline,
                              const std::function<bool()>& not_cancelled) {
  return process::run({.argv = argv,
                       .environment = {},
                       .deadline = deadline,
                       .grace = std::chrono::seconds(2),
                       .cancelled = not_cancelled,
                       .started = {}});
}

// To be polled while a command of the site runs: never ends it, and says once why not when the
// operator asks to stop. A member that was told to stop and has not yet would be taken for a
// running one on the way back, and be gone a moment later.
std::function<bool()> finish_first(const TargetMember& member, const char* command,
                                   std::chrono::milliseconds timeout, const Watch& watch) {
  return [&watch, said = false,
          words = std::string(command) + " of member " + member.name +
                  " has begun and is let finish, " + at_most(timeout)]() mutable {
    if (!said && watch.cancelled()) {
      said = true;
      watch.say("asked to stop: " + words);
    }
    return false;
  };
}

// The first error in the order of the members.
Result<> first_error(const std::vector<Result<>>& results) {
  for (const Result<>& result : results) {
    if (!result) return result;
  }
  return {};
}

Result<> stop_one(const Target& target, const TargetMember& member, const Place& place,
                  const Watch& watch) {
  const auto deadline = Clock::now() + target.stop_timeout;
  const bool was_running = sign_of_life(member, place).has_value();
  const std::function<bool()> to_the_end =
      finish_first(member, "the stop", target.stop_timeout, watch);
  const auto finished = run(member.stop, target.stop_timeout, std::ref(to_the_end));
  const std::string command = process::shell_line(member.stop);
  const bool succeeded = finished && finished->succeeded();
  if (!succeeded) {
    const std::string why = finished ? command + " " + ending(*finished) : finished.error().message;
    if (was_running) {
      return fail({.code = "etcd.stop_failed",
                   .message = "member " + member.name + " could not be stopped: " + why,
                   .hint = "correct stop in the site, or stop the member by hand",
                   .category = Category::kPermanent,
                   .outcome = Outcome::kMayHaveHappened});
    }
    watch.say("member " + member.name +
              " was not running; its stop command did not succeed: " + why);
  }
  for (;;) {
    const auto sign = sign_of_life(member, place);
    if (!sign) return {};
    to_the_end();
    if (Clock::now() >= deadline) {
      return fail(
          {.code = "etcd.member_still_running",
           .message = "member " + member.name + " still runs after " + command + ": " + *sign,
           .hint = "find the process behind it and stop that; stop in the site must end it",
           .category = Category::kConflict,
           .outcome = Outcome::kMayHaveHappened});
    }
    std::this_thread::sleep_for(kPause);
  }
}

Result<> start_one(const Target& target, const TargetMember& member, const Watch& watch) {
  const auto finished = run(member.start, target.start_timeout,
                            finish_first(member, "the start", target.start_timeout, watch));
  if (finished && finished->succeeded()) return {};
  const std::string command = process::shell_line(member.start);
  if (finished && finished->end == process::End::kDeadline) {
    return fail({.code = "etcd.start_in_foreground",
                 .message = "the start command of member " + member.name +
                            " did not return, so it was ended: " + command + " " +
                            finished->words(),
                 .hint = "start in the site must start the member in the background and return",
                 .category = Category::kPermanent,
                 .outcome = Outcome::kHappened});
  }
  return fail({.code = "etcd.start_failed",
               .message = "member " + member.name + " could not be started: " +
                          (finished ? command + " " + ending(*finished) : finished.error().message),
               .hint = "correct start in the site, or look at the member's log",
               .category = Category::kPermanent,
               .outcome = Outcome::kHappened});
}

bool is_program(const std::string& path) {
  const auto found = files::look_at(path);
  return found && *found && !S_ISDIR((*found)->st_mode) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string at_most(std::chrono::milliseconds timeout) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(timeout).count();
  return "at most " + std::to_string(seconds) + " s";
}

std::optional<std::string> sign_of_life(const TargetMember& member, const Place& place) {
  for (const Url& url : member.clients) {
    if (is_open(url))
      return "its client port " + url.host + ":" + std::to_string(url.port) +
             " does not refuse connections";
  }
  for (const Url& url : member.peers) {
    if (is_open(url))
      return "its peer port " + url.host + ":" + std::to_string(url.port) +
             " does not refuse connections";
  }
  if (is_locked(place.database()))
    return "a process holds the lock on " + place.database().string();
  return std::nullopt;
}

std::vector<Result<>> stop_each(const Target& target, const std::vector<Place>& places,
                                const Watch& watch) {
  std::vector<Result<>> results(target.members.size());
  side_by_side(results.size(), [&](std::size_t i) {
    results[i] = stop_one(target, target.members[i], places[i], watch);
  });
  return results;
}

Result<> stop_members(const Target& target, const std::vector<Place>& places, const Watch& watch) {
  return first_error(stop_each(target, places, watch));
}

std::vector<Result<>> start_each(const Target& target, const std::vector<std::string>& names,
                                 const Watch& watch) {
  std::vector<Result<>> results(names.size());
  side_by_side(results.size(), [&](std::size_t i) {
    if (const TargetMember* member = target.find(names[i]))
      results[i] = start_one(target, *member, watch);
  });
  return results;
}

Result<> start_members(const Target& target, const std::vector<std::string>& names,
                       const Watch& watch) {
  return first_error(start_each(target, names, watch));
}

Result<> check_program(const TargetMember& member, const std::vector<std::string>& argv,
                       const char* what) {
  const std::string& program = argv.front();
  bool there = false;
  if (program.front() == '/') {
    there = is_program(program);
  } else {
    const char* path = ::getenv("PATH");
    std::string folders = path && *path ? path : "/usr/sbin:/usr/bin:/sbin:/bin";
    folders += ':';
    for (std::size_t at = 0, end; (end = folders.find(':', at)) != std::string::npos;
         at = end + 1) {
      const std::string folder = folders.substr(at, end - at);
      there = there || (folder.starts_with('/') && is_program(folder + "/" + program));
    }
  }
  if (there) return {};
  return fail({.code = "etcd.bad_command",
               .message = "member " + member.name + ": the program of " + what + ", " + program +
                          ", is not there or may not be executed",
               .hint = "correct " + std::string(what) + " in the site",
               .category = Category::kPrecondition});
}

}  // namespace etcd
