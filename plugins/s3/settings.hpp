// What the site, the environment and the profile files of a user say about a store, in this order.
#pragma once

#include <cstdint>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/sdk/types.hpp>
#include <snapcore/support/surroundings.hpp>
#include <string>

#include "ini.hpp"

namespace s3 {

using snapcore::Surroundings;

enum class Addressing { kAuto, kPath, kVirtual };
constexpr auto enum_names(Addressing) {
  return snapcore::sdk::names<Addressing>({{Addressing::kAuto, "auto"},
                                           {Addressing::kPath, "path"},
                                           {Addressing::kVirtual, "virtual"}});
}

// The instance in the site.
struct Config {
  std::string bucket = {};
  std::optional<std::string> prefix = {};
  std::optional<std::string> endpoint = {};
  std::optional<std::string> region = {};
  std::optional<std::string> profile = {};
  std::optional<snapcore::sdk::Secret> access_key = {};
  std::optional<snapcore::sdk::Secret> secret_key = {};
  std::optional<snapcore::sdk::Secret> session_token = {};
  Addressing addressing = Addressing::kAuto;
  std::optional<std::string> ca = {};
  std::uint64_t part_size = std::uint64_t{16} << 20;
  std::uint32_t attempts = 8;
  std::uint32_t streams = 1;
};
void fields(snapcore::sdk::Fields& f, Config& config);

// One profile, from both files; values of the credentials file go first.
struct Profile {
  std::string name = {};
  bool is_there = false;
  Section values = {};
  Section service = {};  // what its `services` section says of s3

  std::optional<std::string> value(const std::string& name_of_value) const;
};

// The profile that is asked for: in the site, AWS_PROFILE, AWS_DEFAULT_PROFILE, "default".
// "s3.no_profile" when one was named that neither file has.
snapcore::Result<Profile> read_profile(const Config& config, const Surroundings& surroundings);

struct Settings {
  std::string bucket = {};
  std::string prefix = {};
  std::optional<std::string> endpoint = {};  // none: Amazon's own
  std::string region = {};
  Addressing addressing = Addressing::kAuto;
  std::string ca_file = {};
  std::uint64_t part_size = 0;
  std::uint32_t attempts = 0;
  std::uint32_t streams = 1;
};
snapcore::Result<Settings> settle(const Config& config, const Profile& profile,
                                  const Surroundings& surroundings);

}  // namespace s3
