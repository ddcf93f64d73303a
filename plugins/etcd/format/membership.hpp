// Who belongs to a cluster: ids, and members as etcd stores them.
#pragma once

#include <cstdint>
#include <format/bytes.hpp>
#include <snapcore/error.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace etcd {

using snapcore::Result;

struct Member {
  std::uint64_t id = 0;
  std::string name;
  std::vector<std::string> peer_urls;
  std::vector<std::string> client_urls;
  bool is_learner = false;
};

// A member of a cluster that is about to be made.
struct InitialMember {
  std::string name;
  std::vector<std::string> peer_urls;
};

struct Cluster {
  std::uint64_t id = 0;
  std::string token;
  std::vector<Member> members;  // ascending by id; all voters; peer URLs sorted
};

// First 8 bytes of SHA-1 over the sorted URLs and the token. The name plays no part.
std::uint64_t member_id(std::vector<std::string> peer_urls, std::string_view token);
// First 8 bytes of SHA-1 over the ascending ids.
std::uint64_t cluster_id(std::vector<std::uint64_t> member_ids);

// Checks what etcd demands of an initial cluster and computes the ids. Refused with
// "etcd.bad_initial_cluster": no members or more than 9; a name empty, taken, or holding one of ",=
// or white space; a URL that is not http(s)://HOST:PORT, or that stands twice; equal ids or id 0.
Result<Cluster> make_cluster(std::string_view token, std::span<const InitialMember> members);

const Member* find_member(const Cluster& cluster, std::string_view name);

// Empty when the URL is one etcd takes for a peer, else what is wrong with it.
std::string_view problem_with_url(std::string_view url);

// The member's JSON as bucket `members` and raft's configuration changes hold it.
std::string member_json(const Member& member);
Result<Member> parse_member(std::string_view json);

// {"voters":[...],"auto_leave":false}
std::string conf_state_json(const Cluster& cluster);

}  // namespace etcd
