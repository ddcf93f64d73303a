#include "probes.hpp"

#include <algorithm>
#include <snapcore/support/http_headers.hpp>
#include <snapcore/utf8.hpp>

#include "certificate.hpp"

namespace web {

using snapcore::Category;
using snapcore::fail;
using snapcore::Result;
using snapcore::Value;

namespace {

constexpr std::chrono::seconds kDeadline{10};
constexpr std::size_t kMostShown = 80;

std::chrono::milliseconds deadline_of(const std::optional<sdk::Duration>& given) {
  return given ? given->length : kDeadline;
}

// Transient: what is not so may become so, for `retry`.
auto unexpected(std::string message) {
  return fail(
      {.code = "http.unexpected", .message = std::move(message), .category = Category::kTransient});
}

std::string shortened(std::string_view text) {
  std::string out = snapcore::shown(text.substr(0, kMostShown));
  return text.size() > kMostShown ? out + " ..." : out;
}

Result<http::Response> ask(Visit& visit, const std::string& text, bool follow,
                           const std::optional<sdk::Duration>& deadline) {
  auto url = parse_url(text);
  if (!url) return fail(url.error());
  return visit.send(
      {.url = std::move(*url), .follow = follow, .once = true, .deadline = deadline_of(deadline)});
}

// A body that was asked for, of an answer that is a success.
Result<std::string> body_of(Visit& visit, const std::string& url,
                            const std::optional<sdk::Duration>& deadline) {
  auto answer = ask(visit, url, true, deadline);
  if (!answer) return fail(answer.error());
  if (!answer->ok()) {
    return unexpected(http::shown_url(url) + " answers " + std::to_string(answer->status));
  }
  return std::move(answer->body);
}

Result<> check_url(const std::string& url) {
  if (auto parsed = parse_url(url); !parsed) return fail(parsed.error());
  if (!lets_in(url)) return {};
  return fail(
      {.code = "http.bad_url",
       .message = "the query of the URL looks like a secret, and arguments are written down",
       .category = Category::kPrecondition});
}

Result<> check_host(const std::string& host) {
  const bool plain = std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_' || c == ':';
  });
  if (plain && !host.empty()) return {};
  return fail({.code = "http.bad_host",
               .message = "'" + snapcore::shown(host) + "' is neither a host name nor an address",
               .category = Category::kPrecondition});
}

std::string place(const std::string& host, std::uint16_t port) {
  return (host.find(':') == std::string::npos ? host : "[" + host + "]") + ":" +
         std::to_string(port);
}

std::string unescaped(std::string_view token) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool escape = token[i] == '~' && i + 1 < token.size();
    if (escape && token[i + 1] == '1') {
      out.push_back('/');
      ++i;
    } else if (escape && token[i + 1] == '0') {
      out.push_back('~');
      ++i;
    } else {
      out.push_back(token[i]);
    }
  }
  return out;
}

}  // namespace

void fields(sdk::Fields& f, StatusArgs& a) {
  f("url", a.url).not_empty();
  f("code", a.code, "what it must answer; redirects are followed unless this is one")
      .optional()
      .range(200, 599);
  f("deadline", a.deadline, "for the answer; 10s when left out");
}
void fields(sdk::Fields& f, BodyArgs& a) {
  f("url", a.url).not_empty();
  f("contains", a.contains, "what must stand in its body").not_empty();
  f("deadline", a.deadline, "for the answer; 10s when left out");
}
void fields(sdk::Fields& f, JsonArgs& a) {
  f("url", a.url).not_empty();
  f("pointer", a.pointer, "where to look, as in /status/health; empty: the whole")
      .optional()
      .pattern("^(/.*)?$");
  f("equals", a.equals, "what must stand there");
  f("deadline", a.deadline, "for the answer; 10s when left out");
}
void fields(sdk::Fields& f, TlsArgs& a) {
  f("host", a.host).not_empty();
  f("port", a.port).optional().range(1, 65535);
  f("name", a.name, "whose certificate it must be; the host's when left out");
  f("days", a.days, "for which it must still be good").optional();
  f("deadline", a.deadline, "for the connection; 10s when left out");
}
void fields(sdk::Fields& f, TcpArgs& a) {
  f("host", a.host).not_empty();
  f("port", a.port).range(1, 65535);
  f("deadline", a.deadline, "for the connection; 10s when left out");
}
void fields(sdk::Fields& f, Seen& seen) { f("words", seen.words, "what was seen"); }

std::string wish(const StatusArgs& args) {
  return "expect that " + http::shown_url(args.url) + " answers " + std::to_string(args.code);
}
std::string wish(const BodyArgs& args) {
  return "expect that " + http::shown_url(args.url) + " answers with '" + shortened(args.contains) +
         "' in it";
}
std::string wish(const JsonArgs& args) {
  return "expect that " + http::shown_url(args.url) + " answers JSON with " +
         shortened(args.equals.dump()) + " at '" + args.pointer + "'";
}
std::string wish(const TlsArgs& args) {
  return "expect that the certificate of " + place(args.host, args.port) +
         (args.name ? " is for " + *args.name + " and" : "") + " is good for " +
         std::to_string(args.days) + " days";
}
std::string wish(const TcpArgs& args) {
  return "expect that " + place(args.host, args.port) + " accepts connections";
}

Result<> check(const StatusArgs& args) { return check_url(args.url); }
Result<> check(const BodyArgs& args) { return check_url(args.url); }
Result<> check(const JsonArgs& args) { return check_url(args.url); }
Result<> check(const TlsArgs& args) {
  if (args.name) {
    if (auto named = check_host(*args.name); !named) return named;
  }
  return check_host(args.host);
}
Result<> check(const TcpArgs& args) { return check_host(args.host); }

Result<Seen> probe(Visit& visit, const StatusArgs& args) {
  const bool follow = args.code < 300 || args.code > 399;
  auto answer = ask(visit, args.url, follow, args.deadline);
  if (!answer) return fail(answer.error());
  const std::string said = http::shown_url(args.url) + " answers " + std::to_string(answer->status);
  if (answer->status == static_cast<int>(args.code)) return Seen{{said}};
  return unexpected(said + " and not " + std::to_string(args.code));
}

Result<Seen> probe(Visit& visit, const BodyArgs& args) {
  auto body = body_of(visit, args.url, args.deadline);
  if (!body) return fail(body.error());
  const std::string who = http::shown_url(args.url);
  if (body->find(args.contains) == std::string::npos) {
    return unexpected(who + " answers without '" + shortened(args.contains) + "'");
  }
  return Seen{{who + " answers with '" + shortened(args.contains) + "'"}};
}

Result<Seen> probe(Visit& visit, const JsonArgs& args) {
  auto body = body_of(visit, args.url, args.deadline);
  if (!body) return fail(body.error());
  const std::string who = http::shown_url(args.url);
  auto value = Value::parse(*body);
  if (!value) return unexpected(who + " answers no JSON");
  const Value* found = at_pointer(*value, args.pointer);
  if (!found) return unexpected(who + " has nothing at '" + args.pointer + "'");
  const std::string there = shortened(found->dump()) + " at '" + args.pointer + "'";
  if (*found == args.equals) return Seen{{who + " has " + there}};
  return unexpected(who + " has " + there + " and not " + shortened(args.equals.dump()));
}

Result<Seen> probe(Visit& visit, const TlsArgs& args, const http::Options& options,
                   std::chrono::sys_seconds now) {
  if (auto checked = check(args); !checked) return fail(checked.error());
  auto peer = http::knock({.host = args.host,
                           .port = args.port,
                           .tls = true,
                           .name = args.name.value_or(""),
                           .deadline = deadline_of(args.deadline),
                           .cancelled = [&] { return visit.call().cancelled(); }},
                          options);
  if (!peer) return fail(peer.error());
  const std::string who = "the certificate of " + place(args.host, args.port);
  const auto end = end_of_certificate(peer->certificate);
  if (!end) {
    return fail(
        {.code = "http.tls", .message = who + " cannot be read", .category = Category::kPermanent});
  }
  const auto left = std::chrono::floor<std::chrono::days>(*end - now).count();
  const std::string said = who + " ends on " + sdk::Time{*end}.text() + ", in " +
                           std::to_string(left) + (left == 1 ? " day" : " days");
  if (left >= static_cast<std::int64_t>(args.days)) return Seen{{said}};
  return fail({.code = "http.expiring",
               .message = said + " and not in " + std::to_string(args.days) + " or more",
               .hint = "renew it",
               .category = Category::kPermanent});
}

Result<Seen> probe(Visit& visit, const TcpArgs& args, const http::Options& options) {
  if (auto checked = check(args); !checked) return fail(checked.error());
  auto peer = http::knock({.host = args.host,
                           .port = args.port,
                           .deadline = deadline_of(args.deadline),
                           .cancelled = [&] { return visit.call().cancelled(); }},
                          options);
  if (!peer) return fail(peer.error());
  return Seen{{place(args.host, args.port) + " accepts connections"}};
}

const Value* at_pointer(const Value& value, std::string_view pointer) {
  const Value* at = &value;
  while (!pointer.empty()) {
    if (pointer.front() != '/') return nullptr;
    pointer.remove_prefix(1);
    const auto end = std::min(pointer.find('/'), pointer.size());
    const std::string token = unescaped(pointer.substr(0, end));
    pointer.remove_prefix(end);
    if (at->is_object()) {
      at = at->find(token);
    } else {
      const auto index = http::number(token);
      const bool leading = token.size() > 1 && token.front() == '0';
      if (!index || leading || *index >= at->items().size()) return nullptr;
      at = &at->items()[static_cast<std::size_t>(*index)];
    }
    if (at == nullptr) return nullptr;
  }
  return at;
}

}  // namespace web
