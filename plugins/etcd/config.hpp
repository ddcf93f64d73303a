// What the site says about a cluster, as written. target.hpp is what becomes of it.
#pragma once

#include <optional>
#include <snapcore/sdk/fields.hpp>
#include <snapcore/sdk/types.hpp>
#include <string>
#include <vector>

namespace etcd {

// One URL, or a list of them.
struct UrlList {
  std::vector<std::string> urls = {};
};

struct MemberConfig {
  std::string name = {};
  UrlList peer = {};
  UrlList client = {};
  std::string data_dir = {};
  std::optional<std::string> wal_dir = {};
  std::vector<std::string> start = {};
  std::vector<std::string> stop = {};
  std::optional<std::string> owner = {};
};

struct Config {
  std::vector<MemberConfig> members = {};
  std::optional<std::string> ca = {};
  std::optional<std::string> cert = {};
  std::optional<std::string> key = {};
  std::optional<std::string> user = {};
  std::optional<snapcore::sdk::Secret> password = {};
  std::optional<std::string> token = {};
  std::optional<std::string> server_version = {};
  snapcore::sdk::Duration start_timeout = {std::chrono::seconds(60)};
  snapcore::sdk::Duration stop_timeout = {std::chrono::seconds(60)};
  snapcore::sdk::Duration health_timeout = {std::chrono::seconds(120)};
};

void fields(snapcore::sdk::Fields& f, MemberConfig& member);
void fields(snapcore::sdk::Fields& f, Config& config);

}  // namespace etcd

namespace snapcore::sdk {
template <>
struct Codec<etcd::UrlList> {
  static Value schema();
  static Value write(const etcd::UrlList& value);
  static void read(const Value& value, etcd::UrlList& out, Reading& reading);
};
}  // namespace snapcore::sdk
