// A process that behaves like a member of an etcd cluster, as far as stopping, swapping and
// starting can tell: it holds the lock on its database, listens on its ports, answers what its
// files say, and ends when it is told to. It ends by itself after two minutes, whatever becomes of
// the test.
//
//   etcd_member start DIR CLIENT_PORT PEER_PORT DATA_DIR [WAL_DIR]   returns once it listens
//   etcd_member stop DIR                                            returns once it has ended
//
// DIR holds its pid file. A file DATA_DIR/sick makes it unhealthy.
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <format/mapped_file.hpp>
#include <format/snapshot.hpp>
#include <format/wal.hpp>
#include <fstream>
#include <snapcore/value.hpp>
#include <string>

namespace {

namespace fs = std::filesystem;
using snapcore::Value;

struct Files {
  fs::path data;
  fs::path wal;

  bool healthy() const {
    return fs::exists(data / "member" / "snap" / "db") && !fs::exists(data / "sick") &&
           fs::exists(wal / std::string(etcd::wal::kFirstSegment));
  }
};

// What the database says; like etcd, the log has the last word on who this is.
Value said(const Files& files, const std::string& path) {
  const fs::path database = files.data / "member" / "snap" / "db";
  const auto mapped = etcd::MappedFile::open(database);
  if (!mapped) return {};
  const auto found =
      etcd::examine(mapped->bytes(), "db", {.require_trailer = false, .canceled = {}});
  const auto log = etcd::MappedFile::open(files.wal / std::string(etcd::wal::kFirstSegment));
  if (!found || !log) return {};
  const auto segment = etcd::wal::read_segment(log->bytes());
  if (!segment || segment->records.size() < 2) return {};
  const auto self = etcd::wal::decode_metadata(segment->records[1].data);
  if (!self) return {};
  Value answer = Value::object(
      {{"header", Value::object({{"cluster_id", std::to_string(self->cluster_id)},
                                 {"member_id", std::to_string(self->node_id)},
                                 {"revision", std::to_string(found->current_revision)}})}});
  if (path == "/v3/maintenance/status") {
    answer["version"] = "3.4.23";
    answer["leader"] = "1";
    answer["raftAppliedIndex"] = "5";
  } else if (path == "/v3/cluster/member/list") {
    for (const etcd::Member& member : found->members) {
      Value one = Value::object({{"ID", std::to_string(member.id)}, {"name", member.name}});
      for (const std::string& url : member.peer_urls) one["peerURLs"].push_back(url);
      answer["members"].push_back(std::move(one));
    }
  } else if (path == "/v3/maintenance/hash") {
    answer["hash"] = found->backend_hash;
  } else {
    return {};
  }
  return answer;
}

std::string reply(const Files& files, const std::string& path) {
  const auto http = [](int status, const std::string& body) {
    return "HTTP/1.1 " + std::to_string(status) +
           " x\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + body;
  };
  if (path == "/health") {
    return files.healthy() ? http(200, R"({"health":"true"})") : http(503, R"({"health":"false"})");
  }
  if (path == "/version") return http(200, R"({"etcdserver":"3.4.23","etcdcluster":"3.4.0"})");
  const Value answer = said(files, path);
  return answer.is_null() ? http(404, "Not Found") : http(200, answer.dump());
}

int listen_on(const char* port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  if (::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(fd, 16) != 0) {
    std::perror("bind");
    std::exit(1);
  }
  return fd;
}

void serve(const Files& files, int client_port, int peer_port) {
  for (;;) {
    pollfd watched[2] = {{client_port, POLLIN, 0}, {peer_port, POLLIN, 0}};
    if (::poll(watched, 2, -1) <= 0) continue;
    if (watched[1].revents != 0) ::close(::accept(peer_port, nullptr, nullptr));
    if (watched[0].revents == 0) continue;
    const int client = ::accept(client_port, nullptr, nullptr);
    std::string request;
    char piece[4096];
    while (request.find("\r\n\r\n") == std::string::npos) {
      const auto got = ::recv(client, piece, sizeof piece, 0);
      if (got <= 0) break;
      request.append(piece, static_cast<std::size_t>(got));
    }
    const auto space = request.find(' ');
    if (space != std::string::npos) {
      const std::string answer =
          reply(files, request.substr(space + 1, request.find(' ', space + 1) - space - 1));
      (void)::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
    ::close(client);
  }
}

int start(const fs::path& dir, const char* client_port, const char* peer_port, const Files& files) {
  const fs::path database = files.data / "member" / "snap" / "db";
  const int lock = ::open(database.c_str(), O_RDWR | O_CLOEXEC);
  if (lock >= 0 && ::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    std::perror("flock");
    return 1;
  }
  const int client = listen_on(client_port);
  const int peer = listen_on(peer_port);
  const pid_t pid = ::fork();
  if (pid < 0) return 1;
  if (pid > 0) {
    std::ofstream(dir / "pid") << pid;
    std::_Exit(0);
  }
  ::setsid();
  ::alarm(120);
  const int null = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
  serve(files, client, peer);
  return 0;
}

int stop(const fs::path& dir) {
  pid_t pid = 0;
  std::ifstream(dir / "pid") >> pid;
  if (pid <= 0) {
    std::fputs("it does not run\n", stderr);
    return 1;
  }
  const int process = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  if (process >= 0) {
    ::kill(pid, SIGKILL);
    pollfd watched = {process, POLLIN, 0};
    ::poll(&watched, 1, -1);
  }
  fs::remove(dir / "pid");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 2 ? argv[1] : "";
  if (verb == "stop") return stop(argv[2]);
  if (verb != "start" || argc < 6) return 64;
  const fs::path data = argv[5];
  return start(argv[2], argv[3], argv[4],
               {data, argc > 6 ? fs::path(argv[6]) : data / "member" / "wal"});
}
