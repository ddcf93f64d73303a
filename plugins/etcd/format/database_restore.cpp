#include "format/database_restore.hpp"

#include <algorithm>
#include <format/bolt_backward.hpp>
#include <format/bolt_rewrite.hpp>
#include <format/mapped_file.hpp>
#include <format/revision.hpp>
#include <limits>

namespace etcd {
namespace {

using bolt::NewEntry;
using snapcore::fail;

// The value under `key`, made when missing.
std::string& value_of(std::vector<NewEntry>& entries, std::string_view key) {
  for (NewEntry& entry : entries) {
    if (entry.key == key) return entry.value;
  }
  entries.push_back({.key = std::string(key), .value = {}, .is_bucket = false});
  return entries.back().value;
}

bool has(const std::vector<NewEntry>& entries, std::string_view key) {
  return std::any_of(entries.begin(), entries.end(),
                     [&](const NewEntry& entry) { return entry.key == key; });
}

std::string big_endian(std::uint64_t number) {
  std::string bytes;
  append_be(bytes, number);
  return bytes;
}

Result<> replace_members(bolt::Rewrite& rewrite, const Cluster& cluster) {
  std::vector<NewEntry> members;
  for (const Member& member : cluster.members) {
    members.push_back(
        {.key = id_text(member.id), .value = member_json(member), .is_bucket = false});
  }
  if (auto done = rewrite.replace_bucket("members", std::move(members)); !done) return done;
  if (auto done = rewrite.replace_bucket("members_removed", {}); !done) return done;
  if (rewrite.has_bucket("cluster")) return {};
  return rewrite.replace_bucket("cluster", {});
}

// The main revision of the last entry; 0 in an empty store.
Result<std::int64_t> last_revision(const bolt::Database& database) {
  const auto bucket = database.find_bucket("key");
  if (!bucket) return fail(bucket.error());
  if (!*bucket) {
    return fail({.code = "etcd.not_a_snapshot",
                 .message = "the database has no bucket 'key'",
                 .category = snapcore::Category::kPrecondition});
  }
  bolt::BackwardCursor cursor(database, **bucket);
  bolt::LeafElement last;
  if (!cursor.next(last)) {
    if (!cursor.finished()) return fail(cursor.error());
    return 0;
  }
  const auto at = decode_revision(last.key);
  if (at) return at->revision.main;
  return fail({.code = "etcd.snapshot_damaged",
               .message = "the last key of bucket 'key' is not a revision",
               .category = snapcore::Category::kCorrupt});
}

Result<std::int64_t> bump_revision(bolt::Rewrite& rewrite, std::int64_t last,
                                   const RevisionBump& bump) {
  if (bump.by < 1 || bump.by > std::numeric_limits<std::int64_t>::max() - last) {
    return fail({.code = "etcd.bad_revision_bump",
                 .message = "the revision cannot be raised from " + std::to_string(last) + " by " +
                            std::to_string(bump.by),
                 .hint = "use a positive number; 1000000000 is usual",
                 .category = snapcore::Category::kPrecondition});
  }
  const Revision bumped{.main = last + bump.by, .sub = 0};
  const NewEntry entry{.key = encode_revision(bumped), .value = {}, .is_bucket = false};
  if (auto done = rewrite.append_entry("key", entry); !done) return fail(done.error());
  return bumped.main;
}

// A version of 3.5 or later wrote this database when it keeps what only those keep.
wal::Dialect dialect_of(const std::vector<NewEntry>& meta) {
  const bool later = has(meta, "term") || has(meta, "confState") || has(meta, "storageVersion");
  return later ? wal::Dialect::k35 : wal::Dialect::k34;
}

}  // namespace

Result<RestoredDatabase> restore_database(const UniqueFd& fd, const std::filesystem::path& path,
                                          const Cluster& cluster, const RestoreOptions& options) {
  const auto file = MappedFile::of(fd, path);
  if (!file) return fail(file.error());
  const auto database = bolt::Database::open(file->bytes());
  if (!database) return fail(database.error());
  auto rewrite = bolt::Rewrite::begin(*database);
  if (!rewrite) return fail(rewrite.error());
  const auto last = last_revision(*database);
  if (!last) return fail(last.error());
  auto meta = rewrite->entries("meta");
  if (!meta) return fail(meta.error());

  RestoredDatabase restored{.size = 0, .revision = *last, .dialect = dialect_of(*meta)};
  if (auto done = replace_members(*rewrite, cluster); !done) return fail(done.error());
  if (!options.keep_alarms && rewrite->has_bucket("alarm")) {
    if (auto done = rewrite->replace_bucket("alarm", {}); !done) return fail(done.error());
  }
  if (options.bump) {
    const auto bumped = bump_revision(*rewrite, *last, *options.bump);
    if (!bumped) return fail(bumped.error());
    restored.revision = *bumped;
    if (options.bump->mark_compacted) {
      value_of(*meta, "scheduledCompactRev") = encode_revision({.main = *bumped, .sub = 0});
    }
  }
  value_of(*meta, "consistent_index") = big_endian(cluster.members.size());
  value_of(*meta, "term") = big_endian(1);
  if (has(*meta, "confState")) value_of(*meta, "confState") = conf_state_json(cluster);
  if (auto done = rewrite->replace_bucket("meta", std::move(*meta)); !done) {
    return fail(done.error());
  }
  const auto size = rewrite->commit(fd, path);
  if (!size) return fail(size.error());
  restored.size = *size;
  return restored;
}

}  // namespace etcd
