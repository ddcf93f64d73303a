#include "staged_check.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <format/mapped_file.hpp>
#include <format/membership.hpp>
#include <format/snap_file.hpp>
#include <format/snapshot.hpp>
#include <format/wal.hpp>
#include <snapcore/support/files.hpp>

#include "activation.hpp"
#include "observe.hpp"
#include "place.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::Category;
using snapcore::fail;

constexpr std::uint64_t kLogHead = 1 << 20;

tl::unexpected<snapcore::Error> damaged(const fs::path& path, const std::string& why) {
  return fail({.code = "etcd.staged_damaged",
               .message = path.string() + ", which was staged, is not as it should be: " + why,
               .hint = "nothing live was touched; run the restore again",
               .category = Category::kCorrupt});
}

Result<> check_access(const fs::path& path, const StagedMember& member, mode_t mode) {
  const auto found = files::look_at(path);
  if (!found) return fail(found.error());
  if (!*found) {
    return fail({.code = "etcd.staged_missing",
                 .message = path.string() + ", which was staged, is gone",
                 .hint = "nothing live was touched; run the restore again",
                 .category = Category::kConflict});
  }
  const struct stat& is = **found;
  if (is.st_uid == member.user && is.st_gid == member.group && (is.st_mode & 07777) == mode)
    return {};
  return fail({.code = "etcd.staged_access",
               .message = path.string() + " has another owner or mode than it was given",
               .hint = "nothing live was touched; run the restore again",
               .category = Category::kConflict});
}

Result<std::string> head_of(const fs::path& path, std::uint64_t size) {
  const auto fd = files::open_for_reading(path);
  if (!fd) return fail(fd.error());
  std::string bytes(size, '\0');
  std::size_t total = 0;
  while (total < bytes.size()) {
    auto room = std::as_writable_bytes(std::span(bytes)).subspan(total);
    const auto got = files::read_some(*fd, room, path);
    if (!got) return fail(got.error());
    if (*got == 0) break;
    total += *got;
  }
  bytes.resize(total);
  return bytes;
}

// The digest of the snapshot cannot be compared any more; the ids of the new cluster are in its
// place.
Result<> check_database(const fs::path& path, const Cluster& cluster, const Watch& watch) {
  const auto mapped = MappedFile::open(path);
  if (!mapped) return fail(mapped.error());
  const auto examined = examine(mapped->bytes(), path.string(),
                                {.require_trailer = false,
                                 .check_hash = false,
                                 .sum_entries = false,
                                 .canceled = watch.cancelled});
  if (!examined) return fail(examined.error());
  const bool same =
      std::equal(examined->members.begin(), examined->members.end(), cluster.members.begin(),
                 cluster.members.end(), [](const Member& a, const Member& b) {
                   return a.id == b.id && a.name == b.name && a.peer_urls == b.peer_urls;
                 });
  if (!same) return damaged(path, "it does not name the members of the new cluster");
  return {};
}

Result<> check_log(const fs::path& path, const Cluster& cluster, std::uint64_t id) {
  const auto head = head_of(path, kLogHead);
  if (!head) return fail(head.error());
  for (const auto dialect : {wal::Dialect::k34, wal::Dialect::k35}) {
    const std::string wanted = wal::initial_segment(cluster, id, dialect);
    if (head->starts_with(wanted) &&
        head->find_first_not_of('\0', wanted.size()) == std::string::npos)
      return {};
  }
  return damaged(path, "it is not the first log of this member");
}

fs::path wal_of(const StagedMember& member) {
  if (member.staged_wal) return *member.staged_wal;
  return fs::path(member.staged) / member.wal_within.value_or("member/wal");
}

Result<> check_files(const StagedMember& member, const Cluster& cluster, const Watch& watch) {
  const Member* known = find_member(cluster, member.name);
  if (!known || id_text(known->id) != member.id)
    return damaged(member.staged, "its member id is not that of " + member.name);
  const fs::path inner = fs::path(member.staged) / "member";
  const fs::path log = wal_of(member) / std::string(wal::kFirstSegment);
  const fs::path snap = inner / "snap" / snap::file_name(cluster);
  for (const fs::path& dir : {fs::path(member.staged), inner, inner / "snap", wal_of(member)}) {
    if (auto ok = check_access(dir, member, 0700); !ok) return ok;
  }
  for (const fs::path& file : {inner / "snap" / "db", snap, log}) {
    if (auto ok = check_access(file, member, 0600); !ok) return ok;
  }
  const auto content = head_of(snap, kLogHead);
  if (!content) return fail(content.error());
  if (*content != snap::file_content(cluster)) return damaged(snap, "it does not name the members");
  if (auto ok = check_log(log, cluster, known->id); !ok) return ok;
  return check_database(inner / "snap" / "db", cluster, watch);
}

Result<> check_rename(const std::string& staged, const fs::path& parent) {
  if (on_one_mount(staged, parent)) return {};
  return fail({.code = "etcd.other_filesystem",
               .message = staged + " cannot be renamed into " + parent.string() +
                          ": they are on different file systems or mounts",
               .hint = "nothing live was touched; see what was mounted since, then run again",
               .category = Category::kConflict});
}

Result<> check_member(const TargetMember& member, const Place& place, const StagedMember& staged,
                      const Cluster& cluster, const Watch& watch) {
  if (auto ok = check_program(member, member.start, "start"); !ok) return ok;
  if (auto ok = check_program(member, member.stop, "stop"); !ok) return ok;
  if (auto ok = check_place(place); !ok) return ok;
  if (auto ok = check_files(staged, cluster, watch); !ok) return ok;
  if (auto ok = check_rename(staged.staged, staging_parent(place.data_dir, place.data_is_mount));
      !ok)
    return ok;
  if (!staged.staged_wal) return {};
  return check_rename(*staged.staged_wal, staging_parent(*place.wal_dir, place.wal_is_mount));
}

}  // namespace

Result<std::vector<std::string>> check_staged(const Target& target, const Staged& staged,
                                              const Watch& watch) {
  if (auto ok = check_certificates(target.tls); !ok) return fail(ok.error());
  const auto places = places_for(target, staged);
  if (!places) return fail(places.error());
  if (auto ok = check_unchanged(staged); !ok) return fail(ok.error());
  std::vector<InitialMember> members;
  for (const TargetMember& member : target.members)
    members.push_back({.name = member.name, .peer_urls = member.peer_urls()});
  const auto cluster = make_cluster(staged.token, members);
  if (!cluster) return fail(cluster.error());
  if (id_text(cluster->id) != staged.cluster_id) {
    return fail({.code = "etcd.stale_handle",
                 .message = "the site names other peer URLs than when the data was staged",
                 .hint = "nothing live was touched; run the restore again",
                 .category = Category::kConflict});
  }
  std::vector<Result<>> results(target.members.size());
  side_by_side(results.size(), [&](std::size_t i) {
    results[i] = check_member(target.members[i], (*places)[i], staged.members[i], *cluster, watch);
  });
  for (const Result<>& result : results) {
    if (!result) return fail(result.error());
  }
  std::vector<std::string> words;
  for (const StagedMember& member : staged.members)
    words.push_back(member.staged + " is whole and is member " + member.id + " of cluster " +
                    staged.cluster_id);
  return words;
}

}  // namespace etcd
