// A small HTTP client: bounded, with deadlines, without surprises.
//
// Directly connected (proxy settings of the environment are ignored unless asked for), HTTP/1.1,
// http and https alone, no redirects unless asked. The path is sent as it stands, dots and double
// slashes included. An answer with any status is a Response; an Error means that there is no
// answer:
//   "http.bad_request"         the URL or a header is malformed; nothing was sent
//   "http.unknown_host", "http.refused"   no connection
//   "http.tls"                 certificates do not match, or the other side does not speak TLS
//   "http.timeout"             the deadline, or nothing moved for a while
//   "http.broken"              the connection broke, or the answer is not HTTP
//   "http.too_large"           the answer exceeds max_response
//   "http.cancelled", or the error of on_head or on_body as it is
// The outcome is may_have_happened as soon as a request that is not GET or HEAD may have reached
// the server.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <snapcore/error.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snapcore::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Options {
  std::string ca_file = {};           // PEM; empty: the system's authorities
  std::string certificate_file = {};  // PEM, for servers that ask for one
  std::string key_file = {};
  std::string proxy = {};             // empty: none
  bool proxy_of_environment = false;  // http_proxy, https_proxy, no_proxy as curl reads them
  std::chrono::milliseconds connect_timeout = std::chrono::seconds(5);
};

struct Response {
  int status = 0;
  Headers headers = {};  // names in lower case
  std::string body = {};
  bool ok() const { return status >= 200 && status < 300; }
  std::string_view header(std::string_view lower_case_name) const;  // empty when absent
};

struct Request {
  std::string method = "GET";
  std::string url = {};
  Headers headers = {};
  std::string body = {};
  std::chrono::milliseconds deadline = std::chrono::seconds(30);  // the whole of it; 0: none
  std::chrono::seconds stall = std::chrono::seconds(60);  // nothing moves for so long; 0: none
  std::uint64_t max_response = 16u << 20;                 // bytes of the body
  bool follow_redirects = false;                          // at most five, of GET and HEAD alone
  // Sees status and headers of an answer with a 2xx status before its body; an error ends the
  // request there.
  std::function<Result<>(const Response& head)> on_head = {};
  // Takes the body of an answer with a 2xx status piece by piece; other bodies stay in
  // Response::body.
  std::function<Result<>(std::string_view piece)> on_body = {};
  std::function<bool()> cancelled = {};  // polled at least once a second
};

// A connection, and nothing asked: whether somebody listens there, and with which certificate. Made
// directly, whatever proxies there are.
struct Knock {
  std::string host = {};
  std::uint16_t port = 0;
  bool tls = false;
  std::string name = {};  // whose certificate it must be; empty: the host's
  std::chrono::milliseconds deadline = std::chrono::seconds(10);
  std::function<bool()> cancelled = {};
};
struct Peer {
  std::string certificate = {};  // PEM, the server's own; empty without TLS
};
Result<Peer> knock(const Knock& wish, const Options& options = {});

// Keeps connections open between GETs; other methods always use a fresh one, so that a request is
// never silently sent twice. One call at a time.
class Client {
 public:
  explicit Client(Options options = {});
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  Result<Response> send(const Request& request);

 private:
  friend Result<Peer> knock(const Knock& wish, const Options& options);
  struct State;
  std::unique_ptr<State> state_;
};

// The other side was not reached, or the connection broke: no callback, no person ended it, and it
// may go better the next time.
bool is_network(const Error& error);

// The URL without user, password, query and fragment: fit for messages.
std::string shown_url(std::string_view url);

}  // namespace snapcore::http
