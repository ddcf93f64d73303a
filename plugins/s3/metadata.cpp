// Services on the machine itself that lend what a container or a machine may do. Asked directly,
// whatever proxies there are.
#include <algorithm>
#include <array>
#include <snapcore/support/files.hpp>
#include <snapcore/support/http.hpp>
#include <snapcore/support/http_headers.hpp>
#include <snapcore/support/patience.hpp>

#include "lent.hpp"

namespace s3 {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Result;
using snapcore::Value;
namespace http = snapcore::http;

namespace {

constexpr char kContainer[] = "the container's credential service";
constexpr char kMachine[] = "the metadata service of this machine";
constexpr char kRoles[] = "/latest/meta-data/iam/security-credentials/";
constexpr std::uint32_t kTries = 3;

bool is_true(const std::optional<std::string>& text) {
  return text && (*text == "true" || *text == "True" || *text == "TRUE" || *text == "1");
}

// Where http may be spoken: on the machine itself.
bool is_near(std::string_view host) {
  static constexpr std::array<std::string_view, 5> kNear = {"localhost", "[::1]", "169.254.170.2",
                                                            "169.254.170.23", "[fd00:ec2::23]"};
  const bool loopback =
      host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return loopback || std::find(kNear.begin(), kNear.end(), host) != kNear.end();
}

std::string_view host_of(std::string_view url) {
  url.remove_prefix(url.find("://") + 3);
  url = url.substr(0, url.find_first_of("/?#"));
  const auto colon = url.rfind(':');
  const bool in_brackets = colon != std::string_view::npos && url.find(']', colon) != url.npos;
  return in_brackets ? url : url.substr(0, colon);
}

// What goes with the request; the file may be written anew at any time.
Result<std::string> container_token(const Surroundings& surroundings) {
  std::string token = surroundings.environment("AWS_CONTAINER_AUTHORIZATION_TOKEN").value_or("");
  if (const auto path = surroundings.environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    std::error_code ignored;
    auto text = snapcore::files::read_file(std::filesystem::weakly_canonical(*path, ignored));
    if (!text) {
      Error error = text.error();
      error.code = "s3.bad_credentials";
      error.category = Category::kAuth;
      return fail(std::move(error));
    }
    token = std::move(*text);
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  }
  if (token.find_first_of("\r\n") != std::string::npos) {
    return fail(bad_credentials("the container's authorization token", "has more than one line"));
  }
  return token;
}

Error no_answer(std::string_view who, const Error& cause) {
  return {.code = "s3.unreachable",
          .message = std::string(who) + " does not answer: " + cause.message,
          .category = Category::kTransient};
}

std::uint64_t number_of(const Surroundings& surroundings, const char* name,
                        std::uint64_t otherwise) {
  const auto given = http::number(surroundings.environment(name).value_or(""));
  return given && *given > 0 && *given <= 60 ? *given : otherwise;
}

std::string machine_url(const Surroundings& surroundings) {
  auto given = surroundings.environment("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (given) {
    while (given->ends_with('/')) given->pop_back();
    return *given;
  }
  const std::string mode =
      surroundings.environment("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE").value_or("");
  return mode == "IPv6" || mode == "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
}

// Version 2 of the service alone: whoever can have a request sent, but no header, gets nothing.
class Machine {
 public:
  Machine(const Surroundings& surroundings, const KeepGoing& keep_going)
      : surroundings_(surroundings),
        keep_going_(keep_going),
        url_(machine_url(surroundings)),
        tries_(static_cast<std::uint32_t>(
            number_of(surroundings, "AWS_METADATA_SERVICE_NUM_ATTEMPTS", 1))),
        deadline_(
            static_cast<std::int64_t>(number_of(surroundings, "AWS_METADATA_SERVICE_TIMEOUT", 1))) {
  }

  Result<std::optional<Lent>> run() {
    auto token =
        ask("PUT", "/latest/api/token", {{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}});
    if (!token) return none_unless_stopped(token.error());
    // No such service, or one that was turned off.
    if (!token->ok()) return std::optional<Lent>();
    const http::Headers with_token = {{"x-aws-ec2-metadata-token", token->body}};
    auto roles = ask("GET", kRoles, with_token);
    if (!roles) return fail(no_answer(kMachine, roles.error()));
    if (roles->status == 404) return std::optional<Lent>();  // it has no role
    if (!roles->ok()) return fail(refused(*roles));
    const std::string role = roles->body.substr(0, roles->body.find_first_of("\r\n"));
    if (role.empty()) return std::optional<Lent>();
    auto keys = ask("GET", kRoles + aws::encode(role), with_token);
    if (!keys) return fail(no_answer(kMachine, keys.error()));
    if (!keys->ok()) return fail(refused(*keys));
    if (const auto answer = Value::parse(keys->body);
        answer && answer->at("Code").string_or("Success") != "Success") {
      return fail(bad_credentials(kMachine, "has no credentials for the role of this machine"));
    }
    auto lent = lent_from(keys->body, "Token", kMachine, surroundings_.now());
    if (!lent) return fail(lent.error());
    return std::optional(std::move(*lent));
  }

 private:
  Result<http::Response> ask(const char* method, const std::string& path,
                             const http::Headers& headers) {
    for (std::uint32_t tried = 1;; ++tried) {
      if (auto going = keep_going_(); !going) return fail(going.error());
      auto answer = client_.send({.method = method,
                                  .url = url_ + path,
                                  .headers = headers,
                                  .deadline = deadline_,
                                  .max_response = 64 << 10});
      const bool passing = answer ? answer->status >= 500 : true;
      if (!passing || tried >= tries_) return answer;
      if (auto waited = snapcore::wait_patiently(
              snapcore::pause_after(tried, surroundings_.random()), surroundings_, keep_going_);
          !waited) {
        return fail(waited.error());
      }
    }
  }
  // Where nobody answers at that address this is no machine of a cloud.
  Result<std::optional<Lent>> none_unless_stopped(const Error& error) const {
    if (error.code.starts_with("http.")) return std::optional<Lent>();
    return fail(error);
  }
  static Error refused(const http::Response& answer) {
    return bad_credentials(kMachine, "answers " + std::to_string(answer.status));
  }

  const Surroundings& surroundings_;
  const KeepGoing& keep_going_;
  http::Client client_;
  std::string url_;
  std::uint32_t tries_;
  std::chrono::seconds deadline_;
};

}  // namespace

Result<std::optional<std::string>> container_url(const Surroundings& surroundings) {
  if (const auto path = surroundings.environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    return std::optional("http://169.254.170.2" + std::string(path->starts_with('/') ? "" : "/") +
                         *path);
  }
  const auto url = surroundings.environment("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (!url) return std::optional<std::string>();
  const bool plain = url->starts_with("http://");
  if ((!plain && !url->starts_with("https://")) || url->find('@') != std::string::npos) {
    return fail({.code = "s3.bad_setting",
                 .message = "AWS_CONTAINER_CREDENTIALS_FULL_URI is no http or https URL",
                 .category = Category::kPrecondition});
  }
  if (plain && !is_near(host_of(*url))) {
    return fail({.code = "s3.bad_setting",
                 .message = "AWS_CONTAINER_CREDENTIALS_FULL_URI leads to another machine by http, "
                            "where anybody could listen",
                 .hint = "https, or http to loopback, 169.254.170.2, 169.254.170.23 or "
                         "[fd00:ec2::23]",
                 .category = Category::kPrecondition});
  }
  return std::optional(*url);
}

Result<Lent> lent_by_container(const std::string& url, const Surroundings& surroundings,
                               const KeepGoing& keep_going) {
  http::Client client;
  for (std::uint32_t tried = 1;; ++tried) {
    if (auto going = keep_going(); !going) return fail(going.error());
    auto token = container_token(surroundings);
    if (!token) return fail(token.error());
    http::Request request{.url = url,
                          .headers = {{"accept", "application/json"}},
                          .deadline = std::chrono::seconds(5),
                          .max_response = 64 << 10};
    if (!token->empty()) request.headers.emplace_back("authorization", *token);
    auto answer = client.send(request);
    if (answer && answer->ok()) {
      return lent_from(answer->body, "Token", kContainer, surroundings.now());
    }
    const bool passing = answer ? answer->status >= 500 || answer->status == 429 : true;
    if (!passing) {
      return fail(bad_credentials(kContainer, "answers " + std::to_string(answer->status)));
    }
    if (tried >= kTries) {
      if (!answer) return fail(no_answer(kContainer, answer.error()));
      return fail(
          {.code = "s3.unreachable",
           .message = std::string(kContainer) + " answers " + std::to_string(answer->status),
           .category = Category::kTransient});
    }
    if (auto waited = snapcore::wait_patiently(snapcore::pause_after(tried, surroundings.random()),
                                               surroundings, keep_going);
        !waited) {
      return fail(waited.error());
    }
  }
}

Result<std::optional<Lent>> lent_by_machine(const Surroundings& surroundings,
                                            const KeepGoing& keep_going) {
  if (is_true(surroundings.environment("AWS_EC2_METADATA_DISABLED"))) return std::optional<Lent>();
  return Machine(surroundings, keep_going).run();
}

}  // namespace s3
