// Whether the cluster is the one that was restored, whole, and holds the same data on every member.
#pragma once

#include <string>
#include <vector>

#include "observe.hpp"
#include "services.hpp"
#include "staged.hpp"
#include "target.hpp"

namespace etcd {

// Waits until all of this holds, for at most `patience`:
//   every member answers healthy; cluster id and member list are the expected ones; every member is
//   at one revision, not below the expected one, with one hash: HashKV where the members serve it,
//   else the hash of the whole backend.
// Returns what was found, in words. "etcd.not_healthy"; "etcd.wrong_cluster",
// "etcd.hash_differs" and "etcd.authentication" do not wait, since they do not get better.
Result<std::vector<std::string>> verify_health(const Target& target, const Expected& expected,
                                               std::chrono::milliseconds patience,
                                               const Watch& watch);

}  // namespace etcd
