#include "visit.hpp"

#include <algorithm>
#include <snapcore/support/base64.hpp>
#include <snapcore/support/http_headers.hpp>
#include <snapcore/utf8.hpp>

namespace web {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Result;

namespace {

constexpr int kMostRedirects = 5;
constexpr std::size_t kMostIdle = 8;
constexpr std::chrono::seconds kLongestWished{60};

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool may_pass(int status) {
  static constexpr int kStatuses[] = {408, 425, 429, 500, 502, 503, 504};
  return std::find(std::begin(kStatuses), std::end(kStatuses), status) != std::end(kStatuses);
}

// What the server wishes, within reason.
std::chrono::milliseconds wished_pause(const Result<http::Response>& answer) {
  if (!answer) return std::chrono::milliseconds::zero();
  const auto seconds = http::number(answer->header("retry-after"));
  if (!seconds) return std::chrono::milliseconds::zero();
  return std::min(kLongestWished, std::chrono::seconds(std::min<std::uint64_t>(*seconds, 3600)));
}

}  // namespace

http::Options Web::options() const {
  return {.ca_file = settings_.config.ca.value_or(""),
          .proxy = settings_.config.proxy.value_or(""),
          .proxy_of_environment = !settings_.config.proxy,
          .connect_timeout = std::chrono::seconds(10)};
}

Visit::Visit(Web& web, sdk::Call& call)
    : web_(web), call_(call), client_([&] {
        const std::lock_guard lock(web.mutex_);
        if (web.idle_.empty()) return http::Client(web.options());
        http::Client kept = std::move(web.idle_.back());
        web.idle_.pop_back();
        return kept;
      }()) {}

Visit::~Visit() {
  const std::lock_guard lock(web_.mutex_);
  if (web_.idle_.size() < kMostIdle) web_.idle_.push_back(std::move(client_));
}

// Empty for hosts that get none. The secrets are asked for when the first request needs them.
Result<std::string> Visit::authorization(const Url& url) {
  const Settings& settings = web_.settings_;
  if (!settings.has_credentials() || std::find(settings.origins.begin(), settings.origins.end(),
                                               url.origin()) == settings.origins.end()) {
    return std::string();
  }
  if (authorization_) return *authorization_;
  const Config& config = settings.config;
  auto secret = call_.secret(config.token ? *config.token : *config.password);
  if (!secret) return fail(secret.error());
  authorization_ = config.token
                       ? "Bearer " + *secret
                       : "Basic " + snapcore::base64(config.user.value_or("") + ":" + *secret);
  return *authorization_;
}

Result<http::Response> Visit::send_to(const Ask& ask, const Url& url) {
  http::Request request{.method = ask.method,
                        .url = url.text,
                        .headers = ask.headers,
                        .deadline = ask.deadline,
                        .stall = web_.surroundings_.stall,
                        .max_response = ask.on_body ? UINT64_MAX : ask.max_response,
                        .on_head = ask.on_head,
                        .on_body = ask.on_body,
                        .cancelled = [this] { return call_.cancelled(); }};
  // Compressed on the way it would be other bytes than those the server has.
  request.headers.emplace_back("accept-encoding", "identity");
  auto given = authorization(url);
  if (!given) return fail(given.error());
  if (!given->empty()) request.headers.emplace_back("authorization", *given);
  auto answer = client_.send(request);
  if (!answer && answer.error().code == "http.tls") {
    Error error = answer.error();
    error.hint = "the setting 'ca' names the authority of its certificate";
    return fail(std::move(error));
  }
  return answer;
}

Result<http::Response> Visit::send_once(const Ask& ask) {
  Url url = ask.url;
  for (int hops = 0;; ++hops) {
    auto answer = send_to(ask, url);
    if (!answer || !ask.follow || !is_redirect(answer->status)) return answer;
    if (hops == kMostRedirects) {
      return fail({.code = "http.bad_redirect",
                   .message = http::shown_url(ask.url.text) + " sends us from one place to another",
                   .category = Category::kPermanent});
    }
    auto next = redirected(url, answer->header("location"));
    if (!next) return fail(next.error());
    url = std::move(*next);
  }
}

Result<http::Response> Visit::send(const Ask& given) {
  Ask ask = given;
  for (std::uint32_t tried = 0;;) {
    if (auto going = call_.keep_going(); !going) return fail(going.error());
    if (ask.go_on && ask.go_on(ask)) tried = 0;
    ++tried;
    auto answer = send_once(ask);
    if (answer && !may_pass(answer->status)) {
      if (answer->ok()) web_.tokens_.give_back();
      return answer;
    }
    if (!answer) {
      if (answer.error().code == "http.cancelled") return fail(sdk::stopped());
      if (!http::is_network(answer.error())) return answer;
    }
    if (ask.once || tried >= web_.settings_.config.attempts || !web_.tokens_.take()) return answer;
    const auto pause =
        std::max(snapcore::pause_after(tried, web_.surroundings_.random()), wished_pause(answer));
    if (auto waited = snapcore::wait_patiently(pause, web_.surroundings_,
                                               [this] { return call_.keep_going(); });
        !waited) {
      return fail(waited.error());
    }
  }
}

Error error_of(const http::Response& answer, std::string_view what) {
  Error error{
      .code = "http.status",
      .message = std::string(what) + ": the server answers " + std::to_string(answer.status),
      .category = may_pass(answer.status) ? Category::kTransient : Category::kPermanent};
  switch (answer.status) {
    case 401:
      error.code = "http.denied";
      error.category = Category::kAuth;
      error.hint =
          "user and password, or token, go to the origins of send_to alone; without it to those "
          "of `artifacts`";
      break;
    case 403:
    case 407:
      error.code = "http.denied";
      error.category = Category::kAuth;
      break;
    case 404:
    case 410:
      error.code = "http.not_found";
      error.category = Category::kPrecondition;
      break;
    case 412:
      error.code = "http.changed";
      error.category = Category::kConflict;
      break;
    case 416:
      error.code = "http.bad_offset";
      error.category = Category::kPrecondition;
      break;
    default: break;
  }
  return error;
}

}  // namespace web
