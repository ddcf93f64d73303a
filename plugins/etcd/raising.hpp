// By how much a restore raises the revision, so that watches that know a later one end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace etcd {

// API servers hang on to revisions they have seen. This is more than any cluster makes between a
// snapshot and its restore, and what etcd's own documentation proposes.
inline constexpr std::int64_t kUsualBump = 1'000'000'000;

// What is known before the data is replaced.
struct Revisions {
  std::optional<std::int64_t> of_snapshot = {};
  std::int64_t newest = 0;  // that a member is at; 0: none tells
};

// Above what the members are at, too: a watch may know revisions that the snapshot never had. More
// than is needed where the snapshot's is not known.
std::int64_t usual_bump(const Revisions& known);

// That watches of what is replaced wait for ever behind a raise by `bump`, and what is enough.
// Empty: they do not, nobody can tell, or nothing is raised.
std::string shortfall(std::int64_t bump, const Revisions& known);

// What staging will do to the revision; `wanted` as in StagingOptions.
std::string words_for_bump(std::optional<std::int64_t> wanted, const Revisions& known);

}  // namespace etcd
