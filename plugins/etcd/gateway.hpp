// One member, asked through its HTTP port: health, version, and the JSON gateway under /v3/.
//
// Only questions are asked here; no request changes a cluster's keys. Errors:
//   "etcd.unreachable"      no answer (transient; the cause says why)
//   "etcd.tls"              no trusted connection
//   "etcd.gateway_refused"  an answer that says no; the message holds the member's own words
//   "etcd.authentication"   the user is not known, has another password, or may not ask this
//   "etcd.no_gateway"       the member serves no /v3/ paths
//   "etcd.bad_answer"       an answer that makes no sense
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/support/http.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "login.hpp"
#include "url.hpp"

namespace etcd {

struct ServerHealth {
  bool healthy = false;
  std::string reason;  // from 3.5 on; may be empty
};

struct ServerStatus {
  std::uint64_t cluster_id = 0;
  std::uint64_t member_id = 0;
  std::uint64_t leader = 0;
  std::uint64_t applied_index = 0;
  std::int64_t revision = 0;
  std::uint64_t db_size = 0;
  std::string version;
  std::vector<std::string> errors;  // raised alarms
};

struct ListedMember {
  std::uint64_t id = 0;
  std::string name;                    // empty until it started once
  std::vector<std::string> peer_urls;  // sorted
  bool is_learner = false;
};

struct MemberList {
  std::uint64_t cluster_id = 0;
  std::vector<ListedMember> members;
};

struct KvHash {
  std::uint32_t hash = 0;
  std::int64_t compact_revision = 0;
  std::int64_t revision = 0;  // the member's present one
};

struct RangeAnswer {
  std::uint64_t count = 0;
  std::vector<std::pair<std::string, std::string>> entries;  // keys with values; none when counting
};

class Gateway {
 public:
  // Every answer must come within `patience`; with several URLs each gets its turn. `login` is used
  // once a member wants to know who asks.
  Gateway(std::vector<Url> urls, const snapcore::http::Options& tls,
          std::chrono::milliseconds patience, std::function<bool()> cancelled = {},
          std::shared_ptr<Login> login = {});

  Result<ServerHealth> health();
  Result<std::string> version();
  Result<ServerStatus> status();
  // Linearizable where the member knows how (3.5 on).
  Result<MemberList> members();
  // Empty when this version serves no HashKV over HTTP.
  Result<std::optional<KvHash>> hash_kv(std::int64_t at);
  // Of the whole backend, and the revision it was taken at.
  Result<KvHash> backend_hash();

  // Linearizable. An empty prefix means every key.
  Result<std::uint64_t> count(std::string_view prefix);
  Result<std::optional<std::string>> value_of(std::string_view key);

 private:
  Result<snapcore::http::Response> send(std::string_view method, std::string_view path,
                                        const std::string& body);
  // The answer of a POST below /v3/ as JSON, asked as whom the member wants to see.
  Result<snapcore::Value> ask(std::string_view path, const snapcore::Value& body);
  Result<snapcore::Value> ask_as_user(std::string_view path, const snapcore::Value& body);
  Result<snapcore::Value> ask_once(std::string_view path, const snapcore::Value& body);
  Result<std::string> authenticate(const std::string& password);
  Result<RangeAnswer> range(const snapcore::Value& body);

  std::vector<Url> urls_;
  std::chrono::milliseconds patience_;
  std::function<bool()> cancelled_;
  std::shared_ptr<Login> login_;
  std::string token_;  // of the last question
  snapcore::http::Client client_;
};

}  // namespace etcd
