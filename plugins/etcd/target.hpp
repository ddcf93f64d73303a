// The cluster as the site describes it, checked: who its members are, where their data lies, how
// they are started and stopped.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/support/http.hpp>
#include <string>
#include <vector>

#include "config.hpp"
#include "login.hpp"
#include "url.hpp"

namespace etcd {

struct TargetMember {
  std::string name;
  std::vector<Url> peers;
  std::vector<Url> clients;
  std::filesystem::path data_dir;
  std::optional<std::filesystem::path> wal_dir;  // absent also when it is the default one
  std::vector<std::string> start;
  std::vector<std::string> stop;
  std::optional<std::string> owner;

  std::vector<std::string> peer_urls() const;
};

struct Target {
  std::vector<TargetMember> members;  // in the site's order
  snapcore::http::Options tls;
  std::shared_ptr<Login> login;  // none where no user is named
  std::optional<std::string> token;
  std::optional<std::string> server_version;
  std::chrono::milliseconds start_timeout{};
  std::chrono::milliseconds stop_timeout{};
  std::chrono::milliseconds health_timeout{};

  // Of all members, sorted: the identity of the cluster.
  std::vector<std::string> peer_urls() const;
  const TargetMember* find(std::string_view name) const;
  std::size_t quorum() const { return members.size() / 2 + 1; }
};

// Refuses what cannot be true: names, URLs and directories that occur twice or lie in one another,
// also through links, commands and paths that depend on where we stand, more than nine members,
// half a key pair, a user without a password. Reads nothing but the certificate files, which must
// be readable; the login has no password yet.
Result<Target> make_target(const Config& config);

// The files of client TLS are there and hold PEM; "etcd.unreadable_file".
Result<> check_certificates(const snapcore::http::Options& tls);

}  // namespace etcd
