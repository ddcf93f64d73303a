#include "address.hpp"

#include <algorithm>
#include <snapcore/support/aws_sign.hpp>

namespace s3 {

using snapcore::fail;
using snapcore::Result;

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

std::string amazon(const std::string& region) {
  return "https://s3." + region + ".amazonaws.com" + (region.starts_with("cn-") ? ".cn" : "");
}

auto wrong(std::string_view endpoint, std::string_view why) {
  return fail({.code = "s3.bad_setting",
               .message = "the endpoint '" + std::string(endpoint) + "' " + std::string(why),
               .hint = "https://HOST, https://HOST:PORT or either with a path",
               .category = snapcore::Category::kPrecondition});
}

bool is_address(std::string_view host) {
  return host.find_first_not_of("0123456789.") == std::string_view::npos || host.starts_with('[');
}

}  // namespace

std::string Address::path(std::string_view key) const {
  if (key.empty()) return base.empty() ? "/" : base;
  return base + "/" + snapcore::aws::encode_path(key);
}

Result<Address> address_of(const Settings& settings, const std::string& region) {
  const std::string endpoint = settings.endpoint.value_or(amazon(region));
  const auto colon = endpoint.find("://");
  const std::string scheme = lower(endpoint.substr(0, colon == std::string::npos ? 0 : colon));
  if (scheme != "http" && scheme != "https") return wrong(endpoint, "is no http or https URL");
  if (endpoint.find_first_of("?#@ \t\r\n") != std::string::npos) {
    return wrong(endpoint, "has a user, a query, a fragment or a blank");
  }
  std::string host = endpoint.substr(colon + 3);
  std::string base;
  if (const auto slash = host.find('/'); slash != std::string::npos) {
    base = host.substr(slash);
    host.resize(slash);
    while (base.ends_with('/')) base.pop_back();
  }
  host = lower(host);
  const std::string_view own_port = scheme == "https" ? ":443" : ":80";
  if (host.ends_with(own_port)) host.resize(host.size() - own_port.size());
  if (host.empty() || host.front() == ':') return wrong(endpoint, "names no host");

  const bool dotted = settings.bucket.find('.') != std::string::npos;
  bool in_path = settings.addressing == Addressing::kPath;
  if (settings.addressing == Addressing::kAuto) {
    // The certificate of a wildcard covers one label; addresses have no names below them.
    in_path = settings.endpoint.has_value() || (dotted && scheme == "https");
  }
  if (!in_path && is_address(host.substr(0, host.find_last_of(':')))) {
    return wrong(endpoint, "is an address: addressing must be 'path'");
  }
  Address address{.secure = scheme == "https"};
  if (in_path) {
    base += "/" + settings.bucket;
  } else {
    host = settings.bucket + "." + host;
  }
  address.origin = scheme + "://" + host;
  address.host = std::move(host);
  address.base = std::move(base);
  return address;
}

}  // namespace s3
