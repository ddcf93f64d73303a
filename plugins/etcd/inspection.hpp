// Which cluster the target is, and how it is. Asks and looks; never writes.
#pragma once

#include <snapcore/interfaces/target.hpp>
#include <snapcore/sdk/fields.hpp>
#include <string>
#include <vector>

#include "observe.hpp"
#include "target.hpp"

namespace etcd {

// The identity is the set of peer URLs: of the members' own list where one answers, without those
// that have never started, else as the site says. Dead members are no error.
Result<snapcore::sdk::target::Inspection> inspect(const Target& target,
                                                  const std::function<bool()>& cancelled);

// {"peer_urls": [sorted]}
snapcore::Value identity_of(std::vector<std::string> peer_urls);

// Keys of everything a restore of the target changes.
Result<std::vector<std::string>> resource_keys(const Target& target);

// The lowest version that a member answers; empty when none does.
std::string lowest_version(const std::vector<Observation>& seen);

// The version that will read what is restored: what the site says, else what the members answer;
// empty when nobody knows.
std::string version_to_come(const Target& target, Sight& sight);

// Who serves although the target is not healthy, in a sentence about what a restore loses. Empty:
// nobody does, or all is well.
std::string still_serves(const Target& target, Sight& sight);
// The highest revision that a member is at, by its answer, else by its database; 0: none tells.
std::int64_t newest_revision(const Target& target, Sight& sight);

struct MemberFacts {
  std::string name = {};
  bool answers = false;
  bool healthy = false;
  std::string words = {};
  std::optional<std::string> version = {};
  std::optional<std::string> cluster_id = {};
  std::optional<std::string> member_id = {};
  std::optional<bool> leader = {};
  std::optional<std::int64_t> revision = {};
  std::optional<std::uint64_t> db_size = {};
};
void fields(snapcore::sdk::Fields& f, MemberFacts& facts);

struct StatusFacts {
  std::vector<MemberFacts> members = {};
  std::vector<std::string> words = {};
};
void fields(snapcore::sdk::Fields& f, StatusFacts& facts);

StatusFacts status_of(const Target& target, const std::function<bool()>& cancelled);

}  // namespace etcd
