// Looking from outside whether something answers as it should. Each probe asks once: waiting is the
// runbook's (wait_until, retry).
#pragma once

#include <optional>
#include <snapcore/plugin.hpp>
#include <string>
#include <vector>

#include "visit.hpp"

namespace web {

struct StatusArgs {
  std::string url = {};
  std::uint32_t code = 200;
  std::optional<sdk::Duration> deadline = {};
};
struct BodyArgs {
  std::string url = {};
  std::string contains = {};
  std::optional<sdk::Duration> deadline = {};
};
struct JsonArgs {
  std::string url = {};
  std::string pointer = {};
  snapcore::Value equals = {};
  std::optional<sdk::Duration> deadline = {};
};
struct TlsArgs {
  std::string host = {};
  std::uint16_t port = 443;
  std::optional<std::string> name = {};
  std::uint32_t days = 14;
  std::optional<sdk::Duration> deadline = {};
};
struct TcpArgs {
  std::string host = {};
  std::uint16_t port = 0;
  std::optional<sdk::Duration> deadline = {};
};
void fields(sdk::Fields& f, StatusArgs& a);
void fields(sdk::Fields& f, BodyArgs& a);
void fields(sdk::Fields& f, JsonArgs& a);
void fields(sdk::Fields& f, TlsArgs& a);
void fields(sdk::Fields& f, TcpArgs& a);

struct Seen {
  std::vector<std::string> words = {};
};
void fields(sdk::Fields& f, Seen& seen);

// What a plan says of each.
std::string wish(const StatusArgs& args);
std::string wish(const BodyArgs& args);
std::string wish(const JsonArgs& args);
std::string wish(const TlsArgs& args);
std::string wish(const TcpArgs& args);

// What is wrong with the arguments whatever the world is like.
snapcore::Result<> check(const StatusArgs& args);
snapcore::Result<> check(const BodyArgs& args);
snapcore::Result<> check(const JsonArgs& args);
snapcore::Result<> check(const TlsArgs& args);
snapcore::Result<> check(const TcpArgs& args);

// "http.unexpected" when the answer is another one; every error of a request.
snapcore::Result<Seen> probe(Visit& visit, const StatusArgs& args);
snapcore::Result<Seen> probe(Visit& visit, const BodyArgs& args);
snapcore::Result<Seen> probe(Visit& visit, const JsonArgs& args);
// "http.expiring" when too few days are left; "http.tls" when it is over, is for other names, or
// comes from nobody who is trusted.
snapcore::Result<Seen> probe(Visit& visit, const TlsArgs& args, const http::Options& options,
                             std::chrono::sys_seconds now);
snapcore::Result<Seen> probe(Visit& visit, const TcpArgs& args, const http::Options& options);

// The value at a JSON pointer (RFC 6901); null when there is none.
const snapcore::Value* at_pointer(const snapcore::Value& value, std::string_view pointer);

}  // namespace web
