// The URLs of a member, held to what etcd itself accepts: scheme, host and port, nothing else.
#pragma once

#include <cstdint>
#include <snapcore/error.hpp>
#include <string>
#include <string_view>

namespace etcd {

using snapcore::Result;

struct Url {
  std::string scheme;  // http or https
  std::string host;    // without the brackets of an IPv6 address
  std::uint16_t port = 0;
  std::string text;  // as etcd writes it
};

// "etcd.bad_url" for anything else than http(s)://HOST:PORT.
Result<Url> parse_url(std::string_view text);

}  // namespace etcd
