// A member's data directory, made from a copied database.
#pragma once

#include <filesystem>
#include <format/database_restore.hpp>
#include <format/file.hpp>
#include <format/membership.hpp>
#include <optional>
#include <snapcore/error.hpp>

namespace etcd {

struct MemberDirectory {
  std::filesystem::path data_dir;                // holds member/snap/db afterwards
  std::optional<std::filesystem::path> wal_dir;  // default: member/wal within data_dir
  std::optional<Owner> owner;                    // default: the caller
};

// Where the copied database goes.
std::filesystem::path database_path(const MemberDirectory& directory);
std::filesystem::path wal_path(const MemberDirectory& directory);

// Makes data_dir, member and member/snap, all 0700. Their contents are the caller's to remove on
// failure.
Result<> make_member_directory(const MemberDirectory& directory);

// Makes an etcd member of a directory whose database_path() holds the bytes of an examined
// snapshot, with or without its digest. The database is changed as restore_database() says; the log
// and the .snap file are new, so neither may exist. Directories are 0700, files 0600, all of them
// the owner's.
//
// The log comes last: without it etcd does not take the directory for a member. When this returns,
// everything down to the directory entries is on disk, except the entry of data_dir itself.
Result<RestoredDatabase> finish_member_directory(const MemberDirectory& directory,
                                                 const Cluster& cluster, std::uint64_t member_id,
                                                 const RestoreOptions& options);

}  // namespace etcd
