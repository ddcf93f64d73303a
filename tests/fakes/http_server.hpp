// A loopback server that answers each request with the next of its prepared texts, or with what a
// function makes of it, one connection each, and remembers what it was asked.
#pragma once

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <concepts>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace snapcore::fakes {

class HttpServer {
 public:
  // An answer that never comes; the connection stays open until the client leaves.
  static constexpr char kSilence[] = "(silence)";

  // Called on the thread of the server, one request after the other.
  using Answering = std::function<std::string(const std::string& request)>;

  explicit HttpServer(std::vector<std::string> answers)
      : HttpServer([answers = std::move(answers), next = std::size_t{0}](const auto&) mutable {
          return next < answers.size() ? answers[next++] : std::string();
        }) {}
  template <std::invocable<const std::string&> F>
  explicit HttpServer(F answering) : answering_(std::move(answering)) {
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
  ~HttpServer() {
    (void)::eventfd_write(stop_, 1);
    if (thread_.joinable()) thread_.join();
    ::close(listener_);
    ::close(stop_);
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url(std::string_view path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string(path);
  }
  std::size_t requests() const {
    const std::lock_guard lock(mutex_);
    return requests_.size();
  }
  std::string request(std::size_t index) const {
    const std::lock_guard lock(mutex_);
    return index < requests_.size() ? requests_[index] : "";
  }

 private:
  bool readable(int fd) const {
    pollfd watched[2] = {{fd, POLLIN, 0}, {stop_, POLLIN, 0}};
    return ::poll(watched, 2, -1) > 0 && watched[1].revents == 0;
  }

  static bool complete(const std::string& request) {
    const auto end = request.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const auto length = request.find("Content-Length: ");
    const std::size_t body =
        length == std::string::npos || length > end ? 0 : std::stoul(request.substr(length + 16));
    return request.size() >= end + 4 + body;
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
    // What speaks TLS to us never completes a request: answer its first bytes.
    const auto is_http = [&] {
      return request.empty() || (request[0] >= 'A' && request[0] <= 'Z');
    };
    while (!complete(request) && is_http()) {
      if (!readable(client)) return;
      const auto got = ::recv(client, piece, sizeof piece, 0);
      if (got <= 0) return;
      request.append(piece, static_cast<std::size_t>(got));
    }
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    const std::string answer = answering_(request);
    if (answer == kSilence) {
      readable(client);
      return;
    }
    (void)::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
  }

  Answering answering_;
  int listener_ = -1;
  int stop_ = -1;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

}  // namespace snapcore::fakes
