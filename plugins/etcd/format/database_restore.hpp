// Turns a copied etcd database into that of a new cluster.
#pragma once

#include <cstdint>
#include <filesystem>
#include <format/file.hpp>
#include <format/membership.hpp>
#include <format/wal.hpp>
#include <optional>
#include <snapcore/error.hpp>

namespace etcd {

// A jump of the revision, so that clients which saw later revisions of the lost cluster notice.
struct RevisionBump {
  std::int64_t by = 0;         // at least 1
  bool mark_compacted = true;  // old watches then fail instead of waiting
};

struct RestoreOptions {
  std::optional<RevisionBump> bump;
  bool keep_alarms = false;  // the old cluster's alarms, which can make the new one refuse writes
};

struct RestoredDatabase {
  std::uint64_t size = 0;
  std::int64_t revision = 0;                 // last in bucket `key` now
  wal::Dialect dialect = wal::Dialect::k34;  // of the version that wrote the database
};

// The file behind `fd` (open for reading and writing) is a copy of a snapshot, or of a server's db,
// that examine() accepted. Afterwards:
//   members           exactly the new cluster's members
//   members_removed   empty
//   cluster           as it was; made when missing
//   meta              consistent_index = number of members and term = 1, which is what the new log
//   says;
//                     confState, when there was one, names the new voters
//   alarm             empty, unless keep_alarms
//   key               untouched, or with the bump's empty entry behind the last one
// Leases and users stay. Servers of 3.4 ignore `term`; those of 3.5 and later compare it with the
// log. The digest behind the pages is cut off and the file is synced. A failure leaves a file to
// throw away.
Result<RestoredDatabase> restore_database(const UniqueFd& fd, const std::filesystem::path& path,
                                          const Cluster& cluster, const RestoreOptions& options);

}  // namespace etcd
