#include "settings.hpp"

#include <algorithm>
#include <set>
#include <snapcore/support/companions.hpp>

namespace web {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Result;
namespace sdk = snapcore::sdk;

namespace {

auto wrong(std::string message, std::string hint = {}) {
  return fail({.code = "http.bad_setting",
               .message = std::move(message),
               .hint = std::move(hint),
               .category = Category::kPrecondition});
}

std::string shown(const Entry& entry, std::size_t index) {
  return "artifacts[" + std::to_string(index + 1) + "]" +
         (entry.name ? " ('" + *entry.name + "')" : "");
}

Result<> check_entry(const Entry& entry, const std::string& who, Settings& settings) {
  if (entry.url.has_value() == entry.secret_url.has_value()) {
    return wrong(who + " needs one of url and secret_url");
  }
  if (entry.secret_url && !entry.name) {
    return wrong(who + " has a secret URL and no name", "name it, so that it can be spoken of");
  }
  if (entry.sha256 && !snapcore::companions::is_digest(*entry.sha256)) {
    return wrong(who + ": sha256 is no SHA-256", "it has 64 hex digits");
  }
  if (!entry.url) return {};
  auto url = parse_url(*entry.url);
  if (!url) {
    Error error = url.error();
    error.code = "http.bad_setting";
    error.message = who + ": " + error.message;
    return fail(std::move(error));
  }
  if (lets_in(*entry.url)) {
    return wrong(
        who + ": its query looks like a secret",
        "secret_url = secret.env \"VARIABLE\" and a name keep it out of plans and journals");
  }
  if (settings.config.send_to.empty()) settings.origins.push_back(url->origin());
  return {};
}

}  // namespace

void fields(sdk::Fields& f, Entry& entry) {
  f("url", entry.url, "where it is").example("https://backups.example.net/etcd/snap.db");
  f("secret_url", entry.secret_url, "the same where the URL itself lets in, as a presigned one");
  f("name", entry.name, "what it is called; the URL when left out");
  f("sha256", entry.sha256, "its SHA-256 in hex, which goes before what lies beside it");
  f("kind", entry.kind, "of artifact, where nothing beside it says").example("etcd-snapshot");
}

void fields(sdk::Fields& f, Config& config) {
  f("artifacts", config.artifacts, "What list shows; others are named by their URL").optional();
  f("user", config.user, "for basic authentication");
  f("password", config.password);
  f("token", config.token, "for bearer authentication");
  f("send_to", config.send_to,
    "origins that get the credentials: https://HOST or https://HOST:PORT; those of `artifacts` "
    "when left out")
      .optional();
  f("ca", config.ca, "PEM file of the authority that the servers' certificates come from");
  f("proxy", config.proxy, "URL of a proxy; http_proxy, https_proxy and no_proxy when left out");
  f("attempts", config.attempts, "how often a request is made before it counts as failed")
      .optional()
      .range(1, 100);
}

const Entry* Settings::entry(const std::string& ref) const {
  const auto found = std::find_if(
      config.artifacts.begin(), config.artifacts.end(),
      [&](const Entry& entry) { return entry.name == ref || (!entry.name && entry.url == ref); });
  return found == config.artifacts.end() ? nullptr : &*found;
}

Result<Settings> settle(const Config& config) {
  Settings settings{.config = config};
  if (config.token && (config.user || config.password)) {
    return wrong("token and user exclude each other");
  }
  if (config.user.has_value() != config.password.has_value()) {
    return wrong("one of user and password is given without the other");
  }
  if (config.user && config.user->find(':') != std::string::npos) {
    return wrong("a user with a colon in its name cannot be sent");
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < config.artifacts.size(); ++i) {
    const Entry& entry = config.artifacts[i];
    if (auto checked = check_entry(entry, shown(entry, i), settings); !checked) {
      return fail(checked.error());
    }
    if (!names.insert(entry.name.value_or(entry.url.value_or(""))).second) {
      return wrong(shown(entry, i) + " stands there twice");
    }
  }
  for (const std::string& text : config.send_to) {
    auto url = parse_url(text);
    if (!url || url->path != "/" || url->has_query) {
      return wrong("send_to: '" + text + "' is no origin", "https://HOST or https://HOST:PORT");
    }
    settings.origins.push_back(url->origin());
  }
  if (settings.has_credentials() && settings.origins.empty()) {
    return wrong("there are credentials, and nobody they are for",
                 "send_to = { \"https://HOST\" } says who gets them");
  }
  if (config.proxy) {
    auto url = parse_url(*config.proxy);
    if (!url) return wrong("proxy: " + url.error().message, "http://HOST:PORT");
  }
  return settings;
}

}  // namespace web
