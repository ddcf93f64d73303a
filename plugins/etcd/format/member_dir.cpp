#include "format/member_dir.hpp"

#include <algorithm>
#include <format/snap_file.hpp>
#include <format/wal.hpp>

namespace etcd {
namespace {

namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::fail;

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;

// A new file with this content, extended with zeros to `size` and synced.
Result<> write_new_file(const fs::path& path, std::string_view content, std::uint64_t size,
                        const std::optional<Owner>& owner) {
  auto file = files::create_file(path, kFileMode);
  if (!file) return fail(file.error());
  if (auto done = files::write_all_at(*file, 0, bytes_of(content), path); !done) return done;
  if (auto done = set_size(*file, size, path); !done) return done;
  if (auto done = set_access(*file, kFileMode, owner, path); !done) return done;
  return files::fsync_file(*file, path);
}

Result<RestoredDatabase> finish_database(const MemberDirectory& directory, const Cluster& cluster,
                                         const RestoreOptions& options) {
  const fs::path path = database_path(directory);
  auto file = files::open_for_writing(path);
  if (!file) return fail(file.error());
  if (auto done = set_access(*file, kFileMode, directory.owner, path); !done) {
    return fail(done.error());
  }
  return restore_database(*file, path, cluster, options);
}

}  // namespace

fs::path database_path(const MemberDirectory& directory) {
  return directory.data_dir / "member" / "snap" / "db";
}

fs::path wal_path(const MemberDirectory& directory) {
  return directory.wal_dir ? *directory.wal_dir : directory.data_dir / "member" / "wal";
}

Result<> make_member_directory(const MemberDirectory& directory) {
  const fs::path member = directory.data_dir / "member";
  for (const fs::path& path : {directory.data_dir, member, member / "snap"}) {
    if (auto done = ensure_directory(path, kDirectoryMode, directory.owner); !done) return done;
  }
  return {};
}

Result<RestoredDatabase> finish_member_directory(const MemberDirectory& directory,
                                                 const Cluster& cluster, std::uint64_t member_id,
                                                 const RestoreOptions& options) {
  const bool known = std::any_of(cluster.members.begin(), cluster.members.end(),
                                 [&](const Member& member) { return member.id == member_id; });
  if (!known) {
    return fail({.code = "etcd.unknown_member",
                 .message = "member " + id_text(member_id) + " is not one of the new cluster's",
                 .category = snapcore::Category::kPrecondition});
  }
  if (auto done = make_member_directory(directory); !done) return fail(done.error());
  auto restored = finish_database(directory, cluster, options);
  if (!restored) return restored;

  const fs::path member = directory.data_dir / "member";
  const std::string snap = snap::file_content(cluster);
  if (auto done = write_new_file(member / "snap" / snap::file_name(cluster), snap, snap.size(),
                                 directory.owner);
      !done) {
    return fail(done.error());
  }
  if (auto done = files::fsync_directory(member / "snap"); !done) return fail(done.error());

  const fs::path wal_dir = wal_path(directory);
  if (auto done = ensure_directory(wal_dir, kDirectoryMode, directory.owner); !done) {
    return fail(done.error());
  }
  if (auto done = write_new_file(wal_dir / wal::kFirstSegment,
                                 wal::initial_segment(cluster, member_id, restored->dialect),
                                 wal::kSegmentSize, directory.owner);
      !done) {
    return fail(done.error());
  }
  for (const fs::path& path : {wal_dir, wal_dir.parent_path(), member, directory.data_dir}) {
    if (auto done = files::fsync_directory(path); !done) return fail(done.error());
  }
  return restored;
}

}  // namespace etcd
