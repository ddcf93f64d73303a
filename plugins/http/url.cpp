#include "url.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <optional>
#include <snapcore/support/http.hpp>
#include <snapcore/support/http_headers.hpp>
#include <snapcore/utf8.hpp>

namespace web {

using snapcore::Category;
using snapcore::fail;
using snapcore::Result;

namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Handle = std::unique_ptr<CURLU, FreeUrl>;

struct FreeText {
  void operator()(char* text) const { curl_free(text); }
};

constexpr std::size_t kLongest = 8000;

Handle make_handle() {
  Handle handle(curl_url());
  if (!handle) throw std::bad_alloc();
  return handle;
}

std::optional<std::string> part(const Handle& handle, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(handle.get(), which, &text, flags) != CURLUE_OK) return std::nullopt;
  const std::unique_ptr<char, FreeText> owned(text);
  return std::string(text);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

auto bad(std::string_view why, std::string_view hint = {}) {
  return fail({.code = "http.bad_url",
               .message = "the URL " + std::string(why),
               .hint = std::string(hint),
               .category = Category::kPrecondition});
}

Result<Url> url_from(const Handle& handle) {
  Url url;
  url.scheme = part(handle, CURLUPART_SCHEME).value_or("");
  if (url.scheme != "http" && url.scheme != "https") return bad("is neither http nor https");
  if (part(handle, CURLUPART_USER) || part(handle, CURLUPART_PASSWORD)) {
    return bad("names a user or a password",
               "the site gives them: user = \"NAME\", password = secret.env \"VARIABLE\"");
  }
  curl_url_set(handle.get(), CURLUPART_FRAGMENT, nullptr, 0);
  url.host = lower(part(handle, CURLUPART_HOST).value_or(""));
  if (url.host.empty()) return bad("names no host");
  const auto port =
      snapcore::http::number(part(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT).value_or(""));
  url.port = static_cast<std::uint16_t>(port.value_or(0));
  url.path = part(handle, CURLUPART_PATH).value_or("/");
  url.has_query = part(handle, CURLUPART_QUERY).has_value();
  url.text = part(handle, CURLUPART_URL).value_or("");
  return url;
}

}  // namespace

std::string Url::name() const {
  const std::string last = path.substr(path.rfind('/') + 1);
  int size = 0;
  const std::unique_ptr<char, FreeText> decoded(
      curl_easy_unescape(nullptr, last.c_str(), static_cast<int>(last.size()), &size));
  if (!decoded || size == 0) return host;
  std::string plain(decoded.get(), static_cast<std::size_t>(size));
  const bool printable = std::none_of(plain.begin(), plain.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '/';
  });
  return printable && snapcore::is_utf8(plain) ? plain : last;
}

Result<Url> parse_url(std::string_view text) {
  if (text.size() > kLongest) return bad("is too long");
  if (text.find('\0') != std::string_view::npos || !snapcore::is_utf8(text)) {
    return bad("is no text");
  }
  const std::string scheme = lower(text.substr(0, 8));
  if (!scheme.starts_with("http://") && scheme != "https://") {
    return bad("is neither http nor https", "it begins with https:// or http://");
  }
  // libcurl forgives a slash too many, and takes the path for the host.
  if (text.find(":///") < 8) return bad("names no host");
  const Handle handle = make_handle();
  if (curl_url_set(handle.get(), CURLUPART_URL, std::string(text).c_str(), CURLU_PATH_AS_IS) !=
      CURLUE_OK) {
    return bad("is malformed", "blanks and the like stand in it as %20");
  }
  return url_from(handle);
}

Result<Url> redirected(const Url& from, std::string_view location) {
  const auto refuse = [&](std::string_view why) {
    return fail({.code = "http.bad_redirect",
                 .message = snapcore::http::shown_url(from.text) + " sends us " + std::string(why),
                 .category = Category::kPermanent});
  };
  const Handle handle = make_handle();
  if (location.empty() || location.size() > kLongest ||
      curl_url_set(handle.get(), CURLUPART_URL, from.text.c_str(), CURLU_PATH_AS_IS) != CURLUE_OK ||
      curl_url_set(handle.get(), CURLUPART_URL, std::string(location).c_str(), 0) != CURLUE_OK) {
    return refuse("elsewhere, but not where");
  }
  auto url = url_from(handle);
  if (!url) return refuse("where we do not go: " + url.error().message);
  if (from.scheme == "https" && url->scheme != "https") {
    return refuse("from https to http, where anybody could answer");
  }
  return url;
}

bool lets_in(std::string_view url) {
  static constexpr std::array<std::string_view, 10> kNames = {
      "sig",     "token",    "access_token", "private_token", "auth",
      "api_key", "password", "apikey",       "secret",        "awsaccesskeyid"};
  const auto mark = url.find('?');
  if (mark == std::string_view::npos) return false;
  std::string query = lower(url.substr(mark + 1));
  query.resize(std::min(query.find('#'), query.size()));
  for (std::size_t at = 0; at < query.size();) {
    const auto end = std::min(query.find('&', at), query.size());
    const std::string name = query.substr(at, std::min(query.find('=', at), end) - at);
    if (name.ends_with("signature") ||
        std::find(kNames.begin(), kNames.end(), name) != kNames.end()) {
      return true;
    }
    at = end + 1;
  }
  return false;
}

}  // namespace web
