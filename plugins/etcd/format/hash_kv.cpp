#include "format/hash_kv.hpp"

#include <format/crc32c.hpp>
#include <format/key_table.hpp>
#include <vector>

namespace etcd {
namespace {

using snapcore::fail;

constexpr std::uint64_t kBetweenLooks = 1 << 16;

Result<> keep_going(const KeySpace& space, const std::function<bool()>& canceled,
                    std::uint64_t entries) {
  if (entries % kBetweenLooks != 0 || !canceled || !canceled()) return {};
  return fail({.code = "etcd.canceled", .message = "hashing " + space.name() + " was canceled"});
}

// Which changes up to the compaction the server keeps: those that are the newest of a key which is
// alive at the revision. Found from the back, so the last bit is the oldest change.
struct Kept {
  std::vector<bool> newest_first = {};
  bool any = false;  // a key is alive; else the server skips nothing
};

Result<Kept> find_kept(const KeySpace& space, std::int64_t revision,
                       const std::function<bool()>& canceled) {
  Kept kept;
  KeyTable seen;
  std::uint64_t entries = 0;
  NewestFirst changes(space, revision);
  for (Change change; changes.next(change);) {
    if (auto go = keep_going(space, canceled, ++entries); !go) return fail(go.error());
    const bool alive = seen.add(bytes_of(change.key)) && !change.at.tombstone;
    kept.any |= alive;
    if (change.at.revision.main <= space.compacted()) kept.newest_first.push_back(alive);
  }
  if (changes.problem()) return fail(*changes.problem());
  return kept;
}

}  // namespace

Result<std::uint32_t> hash_kv(const KeySpace& space, std::int64_t revision,
                              const std::function<bool()>& canceled) {
  auto kept = find_kept(space, revision, canceled);
  if (!kept) return fail(kept.error());
  std::uint32_t crc = crc32c(0, bytes_of("key"));
  std::uint64_t entries = 0;
  bolt::Cursor cursor(space.database(), space.bucket());
  Change change;
  for (bolt::LeafElement entry; cursor.next(entry);) {
    if (auto go = keep_going(space, canceled, ++entries); !go) return fail(go.error());
    if (auto read = space.read(entry, change); !read) return fail(read.error());
    const std::int64_t main = change.at.revision.main;
    if (main > revision) break;
    if (main <= space.compacted()) {
      const bool keep = kept->newest_first.empty() || kept->newest_first.back();
      if (!kept->newest_first.empty()) kept->newest_first.pop_back();
      if (kept->any && !keep) continue;
    }
    // Versions differ in whether a compaction takes the deletion at its own revision.
    if (main == space.compacted() && change.at.tombstone) continue;
    crc = crc32c(crc32c(crc, change.name), change.message);
  }
  if (!cursor.finished()) return fail(space.damaged_in("key", cursor.error()));
  return crc;
}

}  // namespace etcd
