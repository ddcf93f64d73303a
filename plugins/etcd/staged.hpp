// What one restore hands from verb to verb: what was staged, what the cluster must look like
// afterwards, what was put aside. Ids are texts in hex, as etcd prints them.
#pragma once

#include <cstdint>
#include <optional>
#include <snapcore/sdk/fields.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace etcd {

struct StagedMember {
  std::string name = {};
  std::string id = {};
  std::string live = {};                     // the data directory
  std::string staged = {};                   // a whole data directory
  std::optional<std::string> live_wal = {};  // a WAL directory that is swapped by itself
  std::optional<std::string> staged_wal = {};
  std::optional<std::string> wal_within = {};  // of `staged`; default member/wal
  bool mount_point = false;                    // live: only what is inside can be renamed
  bool wal_mount_point = false;
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  // What was live when this was staged; a file system without times of birth gives no second one.
  std::optional<std::uint64_t> live_inode = {};  // 0: nothing was there
  std::optional<std::int64_t> live_born = {};    // ns since the epoch
};

struct Staged {
  std::vector<StagedMember> members = {};
  std::string cluster_id = {};
  std::string token = {};
  std::string stamp = {};  // of the run, and of this call: both are part of the names
  std::string mark = {};
};

struct ExpectedMember {
  std::string id = {};
  std::string name = {};
  std::vector<std::string> peer_urls = {};
};

struct Expected {
  std::string cluster_id = {};
  std::vector<ExpectedMember> members = {};  // ascending by id
  std::int64_t revision = 0;                 // at least
  std::int64_t compact_revision = 0;
};

struct KeptMember {
  std::string name = {};
  std::string live = {};
  std::vector<std::string> backups = {};  // where the old directories are now
};

struct Kept {
  std::vector<KeptMember> members = {};
};

void fields(snapcore::sdk::Fields& f, StagedMember& member);
void fields(snapcore::sdk::Fields& f, Staged& staged);
void fields(snapcore::sdk::Fields& f, ExpectedMember& member);
void fields(snapcore::sdk::Fields& f, Expected& expected);
void fields(snapcore::sdk::Fields& f, KeptMember& member);
void fields(snapcore::sdk::Fields& f, Kept& kept);

// The names of what this plugin puts beside a directory:
//   etcd.snapcore-20260102T030405Z-0123abcd   staged
//   etcd.backup-20260102T030405Z              put aside
std::string staged_suffix(std::string_view stamp, std::string_view mark);
std::string backup_suffix(std::string_view stamp);
// Whether a file name ends in such a suffix; nothing else is ever removed.
bool names_staged(std::string_view file_name);
bool names_backup(std::string_view file_name);

}  // namespace etcd
