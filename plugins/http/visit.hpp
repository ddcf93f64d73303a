// Requests to any server: made again where that helps, redirected within limits, with credentials
// for those hosts alone that the site names.
//
// A Web belongs to an instance and is shared by its calls; a Visit belongs to one call.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <snapcore/sdk/call.hpp>
#include <snapcore/support/http.hpp>
#include <snapcore/support/patience.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "settings.hpp"
#include "url.hpp"

namespace web {

namespace http = snapcore::http;
namespace sdk = snapcore::sdk;

struct Ask {
  std::string method = "GET";
  Url url = {};
  http::Headers headers = {};
  std::function<snapcore::Result<>(const http::Response& head)> on_head = {};
  std::function<snapcore::Result<>(std::string_view piece)> on_body = {};
  // Called before every try; true when it goes on where the last one came to, which begins the
  // count of tries anew.
  std::function<bool(Ask& ask)> go_on = {};
  std::uint64_t max_response = std::uint64_t{1} << 20;
  bool follow = true;
  bool once = false;                                                       // not made again
  std::chrono::milliseconds deadline = std::chrono::milliseconds::zero();  // none
};

class Web {
 public:
  Web(Settings settings, snapcore::Surroundings surroundings)
      : settings_(std::move(settings)), surroundings_(std::move(surroundings)) {}
  const Settings& settings() const { return settings_; }
  http::Options options() const;

 private:
  friend class Visit;
  Settings settings_;
  snapcore::Surroundings surroundings_;
  snapcore::RetryTokens tokens_;
  std::mutex mutex_;  // of what follows
  std::vector<http::Client> idle_;
};

class Visit {
 public:
  Visit(Web& web, sdk::Call& call);
  ~Visit();
  Visit(Visit&&) = delete;
  Visit& operator=(Visit&&) = delete;

  // The last answer, whatever its status. An error means that there was none (snapcore/support/
  // http.hpp), or is that of a callback, or "http.bad_redirect".
  snapcore::Result<http::Response> send(const Ask& given);

  sdk::Call& call() { return call_; }
  const Settings& settings() const { return web_.settings_; }

 private:
  snapcore::Result<http::Response> send_once(const Ask& ask);
  snapcore::Result<http::Response> send_to(const Ask& ask, const Url& url);
  snapcore::Result<std::string> authorization(const Url& url);

  Web& web_;
  sdk::Call& call_;
  http::Client client_;
  std::optional<std::string> authorization_;
};

// The error for an answer that is no success: "http.not_found", "http.denied", "http.changed",
// "http.bad_offset", "http.status".
snapcore::Error error_of(const http::Response& answer, std::string_view what);

}  // namespace web
