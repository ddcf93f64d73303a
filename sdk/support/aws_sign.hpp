// Signature Version 4, as S3, DynamoDB and what speaks like them ask for it. Pure: no clock, no
// network, no environment.
//
// What is signed must be what is sent. So the caller encodes the path once, with encode_path(), and
// the query with query_text(), and gives the same texts to its HTTP client, which must not change
// them (no squashing of "//" and "/../").
//
//   const auto added = aws::sign({.method = "GET", .path = "/bucket" + aws::encode_path(key), ...},
//                                credentials, {"eu-west-1", "s3"}, now, keys);
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snapcore::aws {

using Pairs = std::vector<std::pair<std::string, std::string>>;
using Seconds = std::chrono::sys_seconds;

// SHA-256 of no bytes: the payload of GET, HEAD and DELETE.
inline constexpr std::string_view kEmptyPayload =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
// Stands for a payload that is not covered; over TLS alone.
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

struct Credentials {
  std::string access_key = {};
  std::string secret_key = {};
  std::string session_token = {};  // empty: none
};

struct Scope {
  std::string region = {};
  std::string service = {};
};

struct Request {
  std::string method = "GET";
  std::string path = "/";  // as it is sent
  Pairs query = {};        // not encoded; sent as query_text() gives it
  // All that are to be signed, `host` among them (with the port unless it is the scheme's own).
  // Those that proxies may change are left out of the signature: connection, expect, user-agent ...
  Pairs headers = {};
  std::string payload_hash = std::string(kEmptyPayload);  // SHA-256 in hex
};

// S3 signs the path as it is sent. Other services resolve dots and double slashes, and encode what
// is sent once more.
struct PathRule {
  bool normalise = false;
  bool encode_again = false;
};
inline constexpr PathRule kPathOfS3 = {};
inline constexpr PathRule kPathOfOthers = {.normalise = true, .encode_again = true};

// Everything but letters, digits and -_.~ as %XX; encode_path() keeps slashes.
std::string encode(std::string_view text);
std::string encode_path(std::string_view text);
// "a=b&c=", encoded and in the order in which it is signed; empty for no query.
std::string query_text(const Pairs& query);

// Signing keys are good for a day; four HMACs are saved for each request that finds one here. Safe
// to share between threads; wiped when it goes.
class SigningKeys {
 public:
  using Key = std::array<unsigned char, 32>;

  SigningKeys() = default;
  ~SigningKeys();
  SigningKeys(const SigningKeys&) = delete;
  SigningKeys& operator=(const SigningKeys&) = delete;

  // `date` as in 20130524.
  Key get(const std::string& secret_key, std::string_view date, const Scope& scope);

 private:
  struct Entry {
    std::string secret_key;
    std::string name;  // date, region and service
    Key key = {};
  };
  std::mutex mutex_;
  std::vector<Entry> entries_;
};

struct Options {
  PathRule path = kPathOfS3;
  bool payload_header = true;  // x-amz-content-sha256: S3 wants it, others do not
  bool sign_token = true;      // a few services want the session token added to what was signed
};

// The headers to add to those of the request: x-amz-date, x-amz-content-sha256,
// x-amz-security-token when there is one, and authorization. For another try the request is signed
// anew.
Pairs sign(const Request& request, const Credentials& credentials, const Scope& scope, Seconds now,
           SigningKeys& keys, const Options& options = {});

// The query of a URL that anybody may use until it expires (seven days at most). Signs the headers
// that the request has: host alone, usually. `payload_hash` is kUnsignedPayload for S3.
std::string presign(const Request& request, const Credentials& credentials, const Scope& scope,
                    Seconds now, std::chrono::seconds expires, SigningKeys& keys,
                    const Options& options = {});

// The two texts below a signature, for those who look for a difference. The request holds all
// headers and query items that are signed.
std::string canonical_request(const Request& request, PathRule rule = kPathOfS3);
std::string string_to_sign(std::string_view canonical_request, const Scope& scope, Seconds now);

}  // namespace snapcore::aws
