// A restore of the target by hand: etcd's own tools, mv, and the site's commands, as lines of a
// bash script behind `set -eu`. "$artifact" is the snapshot, "$stamp" the time, as sdk/doc/abi.md
// says.
//
// The lines of stage leave ${restore[@]}, ${bump[@]}, $token and $ETCDCTL_PASSWORD behind. What is
// staged is called DIRECTORY.by-hand-STAMP, what is put aside DIRECTORY.backup-STAMP.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "place.hpp"
#include "target.hpp"

namespace etcd {

struct StagingByHand {
  std::optional<std::string> token = {};           // else a fresh one
  std::optional<std::int64_t> bump_revision = {};  // 0: none; left out: a person decides
  bool skip_hash_check = false;                    // the snapshot has no hash of its own
  std::int64_t newest_revision = 0;                // that a member is at; 0: none tells
};

// A whole data directory for each member beside the live one, and a look whether it is there. What
// must be known later is asked for before.
std::vector<std::string> stage_by_hand(const Target& target, const std::vector<Place>& places,
                                       const StagingByHand& options);

// Stops all, whatever the stop commands say of it, and ends there while a member answers.
std::vector<std::string> stop_by_hand(const Target& target);

// Stops all, puts the old directories aside and the new ones in, starts all, and waits for health.
// Nothing is moved while a member answers.
std::vector<std::string> activate_by_hand(const Target& target, const std::vector<Place>& places);

// Every member is healthy, and all hold the same data.
std::vector<std::string> health_by_hand(const Target& target);

}  // namespace etcd
