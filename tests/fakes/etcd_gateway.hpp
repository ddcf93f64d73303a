// A member of an etcd cluster as its HTTP port shows it: in this process, on loopback, with a state
// that tests change between questions. Keys are held; nothing is replicated.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <snapcore/support/base64.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace snapcore::fakes {

enum class Manner {
  kAnswer,
  kSilence,    // accepts, and never answers
  kCut,        // closes in the middle of an answer
  kNonsense,   // answers what no etcd answers
  kNoGateway,  // 404 for everything below /v3/
  kWantsUser,  // authentication is enabled; there is root, with the password `password`
  kWantsUserForHashes,
};

struct ListedPeer {
  std::uint64_t id = 0;
  std::string name;
  std::string peer_url;
};

struct EtcdState {
  Manner manner = Manner::kAnswer;
  bool healthy = true;
  std::string reason;
  std::string version = "3.4.23";
  std::uint64_t cluster_id = 0xc1;
  std::uint64_t member_id = 0xa1;
  std::uint64_t applied_index = 100;
  std::int64_t revision = 10;
  std::int64_t compact_revision = 1;
  std::optional<std::uint32_t> hash_kv;  // empty: 404, as in 3.4
  std::uint32_t backend_hash = 77;
  std::string password = "secret";
  int tokens = 1;                      // another number: those given before are forgotten
  bool waits_for_tokens = false;       // silent to those it does not know, as 3.6 for later ones
  std::vector<std::string> forbidden;  // paths that the user may not ask
  bool moves = false;                  // each answer raises the revision
  std::vector<std::string> errors;
  std::vector<ListedPeer> members;
  std::map<std::string, std::string> keys;
};

class EtcdGateway {
 public:
  EtcdGateway() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, generic, size) != 0 || ::listen(listener_, 16) != 0) return;
    ::getsockname(listener_, generic, &size);
    port_ = ntohs(address.sin_port);
    stop_ = ::eventfd(0, EFD_CLOEXEC);
    thread_ = std::thread([this] { serve(); });
  }
  ~EtcdGateway() {
    (void)::eventfd_write(stop_, 1);
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
    ::close(stop_);
  }
  EtcdGateway(const EtcdGateway&) = delete;
  EtcdGateway& operator=(const EtcdGateway&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::uint16_t port() const { return port_; }

  template <class Do>
  void change(Do what) {
    const std::lock_guard lock(mutex_);
    what(state_);
  }
  // "GET /health", "POST /v3/kv/range", in order.
  std::vector<std::string> asked() const {
    const std::lock_guard lock(mutex_);
    return asked_;
  }

 private:
  bool readable(int fd) const {
    pollfd watched[2] = {{fd, POLLIN, 0}, {stop_, POLLIN, 0}};
    return ::poll(watched, 2, -1) > 0 && watched[1].revents == 0;
  }

  void serve() {
    while (readable(listener_)) {
      const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      converse(client);
      ::close(client);
    }
  }

  void converse(int client) {
    std::string request;
    char piece[4096];
    while (!complete(request)) {
      if (!readable(client)) return;
      const auto got = ::recv(client, piece, sizeof piece, 0);
      if (got <= 0) return;
      request.append(piece, static_cast<std::size_t>(got));
      if (request[0] < 'A' || request[0] > 'Z') return;  // TLS, which this does not speak
    }
    Manner manner = Manner::kAnswer;
    std::string answer = reply(request, manner);
    if (manner == Manner::kSilence) {
      readable(client);
      return;
    }
    if (manner == Manner::kCut) answer.resize(answer.size() - 5);
    (void)::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
  }

  static bool complete(const std::string& request) {
    const auto end = request.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const auto length = request.find("Content-Length: ");
    const std::size_t body =
        length == std::string::npos || length > end ? 0 : std::stoul(request.substr(length + 16));
    return request.size() >= end + 4 + body;
  }

  static std::string http(int status, const std::string& body) {
    return "HTTP/1.1 " + std::to_string(status) +
           " x\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  std::string reply(const std::string& request, Manner& manner) {
    const std::lock_guard lock(mutex_);
    const auto space = request.find(' ');
    const std::string path = request.substr(space + 1, request.find(' ', space + 1) - space - 1);
    asked_.push_back(request.substr(0, space) + " " + path);
    const auto body = Value::parse(request.substr(request.find("\r\n\r\n") + 4));
    manner = state_.manner;
    if (manner == Manner::kNonsense) return http(200, "<html>hello</html>");
    const bool gateway = path.starts_with("/v3/");
    if (gateway && manner == Manner::kNoGateway) return http(404, "404 page not found\n");
    const bool hash = path.starts_with("/v3/maintenance/hash");
    if (path == "/v3/auth/authenticate") return authenticate(body ? *body : Value());
    if ((gateway && manner == Manner::kWantsUser) ||
        (hash && manner == Manner::kWantsUserForHashes)) {
      const std::string why = refuse(request, path);
      if (why == kNoSuchToken && state_.waits_for_tokens) manner = Manner::kSilence;
      if (!why.empty()) return why == kNoSuchToken ? refusal(401, 16, why) : refusal(400, 3, why);
    }
    if (state_.moves) ++state_.revision;
    return answer(path, body ? *body : Value());
  }

  std::string authenticate(const Value& body) const {
    if (body.at("name").text() != "root" || body.at("password").text() != state_.password) {
      return refusal(400, 3, "authentication failed, invalid user ID or password");
    }
    return http(200, Value::object({{"header", header()}, {"token", token()}}).dump());
  }

  // As the gateway of 3.6 words and numbers it.
  static constexpr std::string_view kNoSuchToken = "invalid auth token";
  static std::string refusal(int status, int code, const std::string& why) {
    return http(status, Value::object({{"code", code}, {"message", "etcdserver: " + why}}).dump());
  }

  // Every member takes what any of them gave.
  std::string token() const { return "root." + std::to_string(state_.tokens); }

  // Why this question is not answered.
  std::string refuse(const std::string& request, const std::string& path) const {
    constexpr std::string_view kHeader = "\r\nAuthorization: ";
    const auto at = request.find(kHeader);
    if (at == std::string::npos) return "user name is empty";
    const auto from = at + kHeader.size();
    if (request.substr(from, request.find("\r\n", from) - from) != token())
      return std::string(kNoSuchToken);
    const bool may =
        std::find(state_.forbidden.begin(), state_.forbidden.end(), path) == state_.forbidden.end();
    return may ? "" : "permission denied";
  }

  // Zeros are left out and 64-bit numbers are texts, as the gateway does it.
  std::string answer(const std::string& path, const Value& body) const {
    if (path == "/health") {
      Value health = Value::object({{"health", state_.healthy ? "true" : "false"}});
      if (!state_.reason.empty()) health["reason"] = state_.reason;
      return http(state_.healthy ? 200 : 503, health.dump());
    }
    if (path == "/version") {
      return http(200,
                  Value::object({{"etcdserver", state_.version}, {"etcdcluster", "3.4.0"}}).dump());
    }
    Value said = Value::object({{"header", header()}});
    if (path == "/v3/maintenance/status") {
      said["version"] = state_.version;
      said["dbSize"] = "20480";
      said["leader"] = std::to_string(state_.member_id);
      said["raftAppliedIndex"] = std::to_string(state_.applied_index);
      for (const std::string& error : state_.errors) said["errors"].push_back(error);
    } else if (path == "/v3/cluster/member/list") {
      for (const ListedPeer& member : state_.members) {
        Value one = Value::object({{"ID", std::to_string(member.id)},
                                   {"peerURLs", Value::array({Value(member.peer_url)})}});
        if (!member.name.empty()) one["name"] = member.name;
        said["members"].push_back(std::move(one));
      }
    } else if (path == "/v3/maintenance/hash") {
      said["hash"] = state_.backend_hash;
    } else if (path == "/v3/maintenance/hashkv" && state_.hash_kv) {
      said["hash"] = *state_.hash_kv;
      said["compact_revision"] = std::to_string(state_.compact_revision);
    } else if (path == "/v3/kv/range") {
      range(body, said);
    } else {
      return http(404, "Not Found");
    }
    return http(200, said.dump());
  }

  Value header() const {
    return Value::object({{"cluster_id", std::to_string(state_.cluster_id)},
                          {"member_id", std::to_string(state_.member_id)},
                          {"revision", std::to_string(state_.revision)}});
  }

  void range(const Value& body, Value& said) const {
    const std::string from = snapcore::from_base64(body.at("key").text()).value_or("");
    const std::string end = snapcore::from_base64(body.at("range_end").text()).value_or("");
    std::uint64_t count = 0;
    for (const auto& [key, value] : state_.keys) {
      const bool open_end = end == std::string(1, '\0');
      const bool in = end.empty() ? key == from : key >= from && (open_end || key < end);
      if (!in) continue;
      ++count;
      if (body.at("count_only").bool_or(false)) continue;
      said["kvs"].push_back(
          Value::object({{"key", snapcore::base64(key)}, {"value", snapcore::base64(value)}}));
    }
    if (count > 0) said["count"] = std::to_string(count);
  }

  int listener_ = -1;
  int stop_ = -1;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  EtcdState state_;
  std::vector<std::string> asked_;
  std::thread thread_;
};

}  // namespace snapcore::fakes
