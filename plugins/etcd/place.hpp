// Where a member's data lies on this machine, and what may be done there.
//
// A directory is put aside and replaced by renames. A mount point cannot be renamed, so there the
// entries inside of it are: `member` of a data directory, the segments of a WAL directory.
#pragma once

#include <filesystem>
#include <format/file.hpp>
#include <optional>
#include <snapcore/error.hpp>
#include <string>
#include <vector>

#include "target.hpp"

namespace etcd {

struct Place {
  std::string member;
  std::filesystem::path data_dir;  // links resolved
  bool data_is_mount = false;
  std::optional<std::filesystem::path> wal_dir;  // one that is swapped by itself, links resolved
  bool wal_is_mount = false;
  // A WAL directory inside of what is swapped anyway, relative to the data directory.
  std::optional<std::filesystem::path> wal_within;
  Owner owner;  // of what is staged

  // What is renamed: the data directory, or `member` inside a mount point.
  std::filesystem::path live() const { return data_is_mount ? data_dir / "member" : data_dir; }
  std::filesystem::path database() const { return data_dir / "member" / "snap" / "db"; }
};

// Looks, touches nothing. A data directory that is missing is fine.
Result<Place> locate(const TargetMember& member);

// That a directory can be staged beside the live one, given to its owner, and swapped in:
//   "etcd.no_parent_directory", "etcd.not_writable", "etcd.read_only", "etcd.foreign_owned"
// that nothing else is meant than etcd's directories:
//   "etcd.not_a_data_dir", "etcd.not_a_wal_dir"
// and that the site knows where the WAL is:
//   "etcd.wal_dir_unknown", "etcd.wal_dir_wrong"
Result<> check_place(const Place& place);

// For whoever reads the plan: what is not plainly etcd's and goes aside with the data directory.
std::vector<std::string> goes_along(const Place& place);

// The directory that holds what is staged for `dir`: its parent, or `dir` when that is a mount
// point.
std::filesystem::path staging_parent(const std::filesystem::path& dir, bool is_mount);

// The mount point of the file system that holds `path`, or would.
std::filesystem::path mount_point_of(const std::filesystem::path& path);
bool is_mount_point(const std::filesystem::path& path);

// Both are reached through one mount, so that a rename between them works.
bool on_one_mount(const std::filesystem::path& a, const std::filesystem::path& b);

}  // namespace etcd
