// URLs as libcurl reads them, so that whom we think we ask is whom it asks.
#pragma once

#include <cstdint>
#include <snapcore/error.hpp>
#include <string>
#include <string_view>

namespace web {

struct Url {
  std::string text = {};  // as it is asked for: the path as it was given, no fragment
  std::string scheme = {};
  std::string host = {};  // in lower case; an IPv6 address in brackets
  std::uint16_t port = 0;
  std::string path = {};
  bool has_query = false;

  std::string origin() const { return scheme + "://" + host + ":" + std::to_string(port); }
  // What the path ends in, decoded; the host where it ends in a slash.
  std::string name() const;
};

// "http.bad_url" for what is no http or https URL, or names a user or a password. The text itself
// is in no message: it may hold what nobody should read.
snapcore::Result<Url> parse_url(std::string_view text);

// Where a Location header leads. From https it leads to https alone: "http.bad_redirect".
snapcore::Result<Url> redirected(const Url& from, std::string_view location);

// A query that looks as if it lets in whoever has it: a signature, a token.
bool lets_in(std::string_view url);

}  // namespace web
