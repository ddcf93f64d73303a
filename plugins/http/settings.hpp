// What the site says of an instance, checked.
#pragma once

#include <cstdint>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/sdk/types.hpp>
#include <string>
#include <vector>

#include "url.hpp"

namespace web {

// One artifact that list shows.
struct Entry {
  std::optional<std::string> url = {};
  std::optional<snapcore::sdk::Secret> secret_url = {};
  std::optional<std::string> name = {};
  std::optional<std::string> sha256 = {};
  std::optional<std::string> kind = {};
};
void fields(snapcore::sdk::Fields& f, Entry& entry);

struct Config {
  std::vector<Entry> artifacts = {};
  std::optional<std::string> user = {};
  std::optional<snapcore::sdk::Secret> password = {};
  std::optional<snapcore::sdk::Secret> token = {};
  std::vector<std::string> send_to = {};
  std::optional<std::string> ca = {};
  std::optional<std::string> proxy = {};
  std::uint32_t attempts = 8;
};
void fields(snapcore::sdk::Fields& f, Config& config);

struct Settings {
  Config config = {};
  std::vector<std::string> origins = {};  // that get the credentials, and no others

  bool has_credentials() const { return config.token || config.password; }
  // By its name, or by its URL as it stands in the site.
  const Entry* entry(const std::string& ref) const;
};

// "http.bad_setting".
snapcore::Result<Settings> settle(const Config& config);

}  // namespace web
