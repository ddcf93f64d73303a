#include "url.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace etcd {
namespace {

using snapcore::Category;
using snapcore::fail;

tl::unexpected<snapcore::Error> refuse(std::string_view text, std::string_view why) {
  return fail({.code = "etcd.bad_url",
               .message = "'" + std::string(text) + "' is no URL of a member: " + std::string(why),
               .hint = "write it as https://HOST:PORT, as it stands in etcd's own settings",
               .category = Category::kPrecondition});
}

bool is_host_letter(unsigned char c) {
  return std::isalnum(c) || c == '.' || c == '-' || c == '_' || c == ':' || c == '%';
}

}  // namespace

Result<Url> parse_url(std::string_view text) {
  Url url;
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos) return refuse(text, "it has no scheme");
  url.scheme = text.substr(0, scheme);
  if (url.scheme != "http" && url.scheme != "https")
    return refuse(text, "its scheme is neither http nor https");
  std::string_view rest = text.substr(scheme + 3);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#@") != std::string_view::npos)
    return refuse(text, "it holds more than host and port");
  const auto colon = rest.rfind(':');
  const bool bracketed = rest.starts_with('[');
  if (colon == std::string_view::npos || (bracketed && rest.rfind(']') > colon))
    return refuse(text, "it has no port");

  std::string_view host = rest.substr(0, colon);
  if (bracketed) {
    if (!host.ends_with(']')) return refuse(text, "its address is malformed");
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refuse(text, "an IPv6 address stands in brackets");
  }
  if (host.empty() || !std::all_of(host.begin(), host.end(), is_host_letter))
    return refuse(text, "its host is malformed");
  const std::string_view port = rest.substr(colon + 1);
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (problem != std::errc() || end != port.data() + port.size() || url.port == 0)
    return refuse(text, "its port is no number from 1 to 65535");
  url.host = host;
  url.text = url.scheme + "://" + std::string(rest);
  return url;
}

}  // namespace etcd
