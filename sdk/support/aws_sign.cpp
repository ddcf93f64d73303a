#include "aws_sign.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <new>
#include <snapcore/support/digest.hpp>
#include <span>

namespace snapcore::aws {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::size_t kMostKeys = 16;

using Key = SigningKeys::Key;

bool is_plain(unsigned char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

std::string encode_but(std::string_view text, bool keep_slashes) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char letter : text) {
    const auto c = static_cast<unsigned char>(letter);
    if (is_plain(c) || (keep_slashes && c == '/')) {
      out.push_back(letter);
    } else {
      out.append({'%', kDigits[c >> 4], kDigits[c & 15]});
    }
  }
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

// Trimmed, and every run of blanks inside a single one.
std::string collapsed(std::string_view text) {
  std::string out;
  bool gap = false;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      gap = !out.empty();
      continue;
    }
    if (gap) out.push_back(' ');
    gap = false;
    out.push_back(c);
  }
  return out;
}

// What proxies between us and the store may add, drop or rewrite.
bool is_signed(std::string_view name) {
  static constexpr std::string_view kLeftOut[] = {"accept-encoding",
                                                  "authorization",
                                                  "connection",
                                                  "expect",
                                                  "keep-alive",
                                                  "proxy-connection",
                                                  "te",
                                                  "trailer",
                                                  "upgrade",
                                                  "user-agent",
                                                  "transfer-encoding",
                                                  "x-amzn-trace-id"};
  return std::find(std::begin(kLeftOut), std::end(kLeftOut), name) == std::end(kLeftOut);
}

// Sorted by name; several of one name become one, in the order they were given.
Pairs signed_headers(const Pairs& headers) {
  Pairs sorted;
  for (const auto& [name, value] : headers) {
    if (std::string small = lower(name); is_signed(small)) {
      sorted.emplace_back(std::move(small), collapsed(value));
    }
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  Pairs joined;
  for (auto& header : sorted) {
    if (!joined.empty() && joined.back().first == header.first) {
      joined.back().second += "," + header.second;
    } else {
      joined.push_back(std::move(header));
    }
  }
  return joined;
}

std::string names_of(const Pairs& headers) {
  std::string names;
  for (const auto& [name, value] : headers) names += (names.empty() ? "" : ";") + name;
  return names;
}

// "/a/./b//../c/" is "/a/c/".
std::string normalised(std::string_view path) {
  std::vector<std::string_view> kept;
  std::string_view rest = path;
  while (!rest.empty()) {
    const auto slash = std::min(rest.find('/'), rest.size());
    const std::string_view part = rest.substr(0, slash);
    rest.remove_prefix(std::min(slash + 1, rest.size()));
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(part);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string out = "/";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i > 0) out += '/';
    out += kept[i];
  }
  if (path.ends_with('/') && !kept.empty()) out += '/';
  return out;
}

Key hmac(const void* key, std::size_t key_size, std::string_view text) {
  Key out = {};
  unsigned int size = 0;
  if (::HMAC(EVP_sha256(), key, static_cast<int>(key_size),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(),
             &size) == nullptr) {
    throw std::bad_alloc();  // nothing else can go wrong with a digest that is there
  }
  return out;
}

Key hmac(const Key& key, std::string_view text) { return hmac(key.data(), key.size(), text); }

Key signing_key(const std::string& secret_key, std::string_view date, const Scope& scope) {
  std::string seed = "AWS4" + secret_key;
  Key key = hmac(seed.data(), seed.size(), date);
  OPENSSL_cleanse(seed.data(), seed.size());
  for (const std::string_view part :
       {std::string_view(scope.region), std::string_view(scope.service),
        std::string_view("aws4_request")}) {
    key = hmac(key, part);
  }
  return key;
}

std::string digits(unsigned value, std::size_t width) {
  std::string text = std::to_string(value);
  return text.size() < width ? std::string(width - text.size(), '0') + text : text;
}

std::string date_of(Seconds now) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(now));
  return digits(static_cast<unsigned>(static_cast<int>(day.year())), 4) +
         digits(static_cast<unsigned>(day.month()), 2) +
         digits(static_cast<unsigned>(day.day()), 2);
}

std::string stamp_of(Seconds now) {
  const std::chrono::hh_mm_ss time(now - std::chrono::floor<std::chrono::days>(now));
  return date_of(now) + "T" + digits(static_cast<unsigned>(time.hours().count()), 2) +
         digits(static_cast<unsigned>(time.minutes().count()), 2) +
         digits(static_cast<unsigned>(time.seconds().count()), 2) + "Z";
}

std::string scope_text(const Scope& scope, Seconds now) {
  return date_of(now) + "/" + scope.region + "/" + scope.service + "/aws4_request";
}

std::string signature(const std::string& canonical, const Credentials& credentials,
                      const Scope& scope, Seconds now, SigningKeys& keys) {
  const Key key = keys.get(credentials.secret_key, date_of(now), scope);
  const Key answer = hmac(key, string_to_sign(canonical, scope, now));
  return to_hex(std::as_bytes(std::span(answer)));
}

}  // namespace

std::string encode(std::string_view text) { return encode_but(text, false); }
std::string encode_path(std::string_view text) { return encode_but(text, true); }

std::string query_text(const Pairs& query) {
  Pairs encoded;
  for (const auto& [name, value] : query) encoded.emplace_back(encode(name), encode(value));
  std::sort(encoded.begin(), encoded.end());
  std::string text;
  for (const auto& [name, value] : encoded) {
    if (!text.empty()) text += '&';
    text += name + "=" + value;
  }
  return text;
}

SigningKeys::~SigningKeys() {
  for (Entry& entry : entries_) {
    OPENSSL_cleanse(entry.secret_key.data(), entry.secret_key.size());
    OPENSSL_cleanse(entry.key.data(), entry.key.size());
  }
}

SigningKeys::Key SigningKeys::get(const std::string& secret_key, std::string_view date,
                                  const Scope& scope) {
  const std::string name = std::string(date) + "/" + scope.region + "/" + scope.service;
  const std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) {
    if (entry.name == name && entry.secret_key == secret_key) return entry.key;
  }
  if (entries_.size() >= kMostKeys) {
    // Yesterday's, or those of a region that was left: the oldest goes.
    OPENSSL_cleanse(entries_.front().secret_key.data(), entries_.front().secret_key.size());
    entries_.erase(entries_.begin());
  }
  entries_.push_back({secret_key, name, signing_key(secret_key, date, scope)});
  return entries_.back().key;
}

std::string canonical_request(const Request& request, PathRule rule) {
  std::string path = rule.normalise ? normalised(request.path) : request.path;
  if (rule.encode_again) path = encode_path(path);
  const Pairs headers = signed_headers(request.headers);
  std::string text = request.method + "\n" + path + "\n" + query_text(request.query) + "\n";
  for (const auto& [name, value] : headers) text += name + ":" + value + "\n";
  return text + "\n" + names_of(headers) + "\n" + request.payload_hash;
}

std::string string_to_sign(std::string_view canonical_request, const Scope& scope, Seconds now) {
  return std::string(kAlgorithm) + "\n" + stamp_of(now) + "\n" + scope_text(scope, now) + "\n" +
         sha256_hex(canonical_request);
}

Pairs sign(const Request& request, const Credentials& credentials, const Scope& scope, Seconds now,
           SigningKeys& keys, const Options& options) {
  Pairs added = {{"x-amz-date", stamp_of(now)}};
  if (options.payload_header) added.emplace_back("x-amz-content-sha256", request.payload_hash);
  const auto add_token = [&] {
    if (credentials.session_token.empty()) return;
    added.emplace_back("x-amz-security-token", credentials.session_token);
  };
  if (options.sign_token) add_token();
  Request whole = request;
  whole.headers.insert(whole.headers.end(), added.begin(), added.end());
  if (!options.sign_token) add_token();
  const std::string names = names_of(signed_headers(whole.headers));
  const std::string made =
      signature(canonical_request(whole, options.path), credentials, scope, now, keys);
  added.emplace_back("authorization", std::string(kAlgorithm) + " Credential=" +
                                          credentials.access_key + "/" + scope_text(scope, now) +
                                          ", SignedHeaders=" + names + ", Signature=" + made);
  return added;
}

std::string presign(const Request& request, const Credentials& credentials, const Scope& scope,
                    Seconds now, std::chrono::seconds expires, SigningKeys& keys,
                    const Options& options) {
  Request whole = request;
  Pairs& query = whole.query;
  query.emplace_back("X-Amz-Algorithm", kAlgorithm);
  query.emplace_back("X-Amz-Credential", credentials.access_key + "/" + scope_text(scope, now));
  query.emplace_back("X-Amz-Date", stamp_of(now));
  query.emplace_back("X-Amz-Expires", std::to_string(expires.count()));
  query.emplace_back("X-Amz-SignedHeaders", names_of(signed_headers(request.headers)));
  const std::pair<std::string, std::string> token("X-Amz-Security-Token",
                                                  credentials.session_token);
  if (options.sign_token && !token.second.empty()) query.push_back(token);
  const std::string made =
      signature(canonical_request(whole, options.path), credentials, scope, now, keys);
  if (!options.sign_token && !token.second.empty()) query.push_back(token);
  return query_text(query) + "&X-Amz-Signature=" + made;
}

}  // namespace snapcore::aws
