#include "format/key_space.hpp"

#include <algorithm>
#include <limits>

namespace etcd {
namespace {

using snapcore::Category;
using snapcore::fail;

// The key is the first field of every message etcd writes, and all that most walks ask for. Nothing
// when the message is another one; the full decoder then says what is wrong.
std::optional<std::string_view> key_in(Bytes message) {
  if (message.empty()) return std::string_view();  // the entry of a revision bump
  if (message[0] != std::byte{0x0a}) return std::nullopt;
  std::size_t length = 0;
  for (std::size_t at = 1; at < std::min<std::size_t>(message.size(), 5); ++at) {
    const auto byte = std::to_integer<std::size_t>(message[at]);
    length |= (byte & 0x7f) << (7 * (at - 1));
    if (byte >= 0x80) continue;
    if (length > message.size() - at - 1) return std::nullopt;
    return text_of(message.subspan(at + 1, length));
  }
  return std::nullopt;
}

}  // namespace

snapcore::Error KeySpace::damaged(const std::string& where) const {
  return {.code = "etcd.snapshot_damaged",
          .message = name_ + " is damaged: " + where,
          .hint = "'examine' tells what else is wrong with it",
          .category = Category::kCorrupt};
}

snapcore::Error KeySpace::damaged_in(std::string_view bucket, const snapcore::Error& page) const {
  return damaged("bucket '" + std::string(bucket) + "', " + page.message);
}

Result<KeySpace> KeySpace::open(const FileBytes& file, std::string name) {
  auto database = bolt::Database::open(file);
  if (!database) {
    const bool foreign = database.error().category != Category::kCorrupt;
    return fail({.code = foreign ? "etcd.not_a_snapshot" : "etcd.snapshot_damaged",
                 .message = name +
                            (foreign ? " is not an etcd snapshot that can be read here: "
                                     : " is damaged: ") +
                            database.error().message,
                 .hint = database.error().hint,
                 .category = database.error().category});
  }
  KeySpace space(std::move(*database), std::move(name));
  auto bucket = space.database_.find_bucket("key");
  if (!bucket) return fail(space.damaged("the list of buckets, " + bucket.error().message));
  if (!*bucket) {
    return fail({.code = "etcd.not_a_snapshot",
                 .message = space.name_ + " is a bbolt database, but not etcd's: it has no bucket "
                                          "'key'",
                 .category = Category::kPrecondition});
  }
  space.bucket_ = std::move(**bucket);
  if (auto read = space.read_compactions(); !read) return fail(read.error());
  if (auto found = space.find_revision(); !found) return fail(found.error());
  return space;
}

// A compaction that was scheduled counts: a server that starts from the file finishes it.
Result<> KeySpace::read_compactions() {
  const auto meta = database_.find_bucket("meta");
  if (!meta) return fail(damaged("the list of buckets, " + meta.error().message));
  if (!*meta) return {};
  bolt::Cursor cursor(database_, **meta);
  for (bolt::LeafElement entry; cursor.next(entry);) {
    const std::string_view name = text_of(entry.key);
    if (name != "scheduledCompactRev" && name != "finishedCompactRev") continue;
    const auto at = decode_revision(entry.value);
    if (!at) return fail(damaged("bucket 'meta': " + std::string(name) + " is not a revision"));
    compacted_ = std::max(compacted_, at->revision.main);
  }
  if (!cursor.finished()) return fail(damaged_in("meta", cursor.error()));
  return {};
}

Result<> KeySpace::find_revision() {
  bolt::BackwardCursor cursor(database_, bucket_);
  bolt::LeafElement last;
  if (cursor.next(last)) {
    const auto at = decode_revision(last.key);
    if (!at) return fail(damaged("bucket 'key', its last entry is not a revision"));
    revision_ = at->revision.main;
  } else if (!cursor.finished()) {
    return fail(damaged_in("key", cursor.error()));
  }
  revision_ = std::max(revision_, compacted_);
  return {};
}

Result<std::int64_t> KeySpace::choose(std::optional<std::int64_t> wanted) const {
  const std::int64_t oldest = std::max<std::int64_t>(1, compacted_);
  const std::int64_t revision = wanted.value_or(revision_);
  if (revision >= oldest && revision <= revision_) return revision;
  const bool old = revision < oldest;
  return fail({.code = old ? "etcd.revision_compacted" : "etcd.revision_in_future",
               .message = "revision " + std::to_string(revision) + " is " +
                          (old ? "compacted in " : "newer than what is in ") + name_ +
                          ", which holds revisions " + std::to_string(oldest) + " to " +
                          std::to_string(revision_),
               .hint = old ? "use an older snapshot, or a later revision"
                           : "use a newer snapshot, or an earlier revision",
               .category = Category::kPrecondition});
}

Result<> KeySpace::read(const bolt::LeafElement& entry, Change& change) const {
  const auto at = entry.is_bucket ? std::nullopt : decode_revision(entry.key);
  if (!at) return fail(damaged("bucket 'key', an entry is not a revision"));
  const auto key = key_in(entry.value);
  if (!key) {
    return fail(damaged("revision " + std::to_string(at->revision.main) + "/" +
                        std::to_string(at->revision.sub) + " does not begin with a key"));
  }
  change = {.at = *at, .key = *key, .name = entry.key, .message = entry.value};
  return {};
}

Result<KeyValue> KeySpace::decode(const Change& change) const {
  auto decoded = decode_key_value(change.message);
  if (decoded) return decoded;
  return fail(damaged("revision " + std::to_string(change.at.revision.main) + "/" +
                      std::to_string(change.at.revision.sub) + ": " + decoded.error().message));
}

NewestFirst::NewestFirst(const KeySpace& space, std::int64_t revision)
    : space_(space), cursor_(space.database(), space.bucket()) {
  if (revision < std::numeric_limits<std::int64_t>::max())
    cursor_.skip_from(encode_revision({.main = revision + 1, .sub = 0}));
}

bool NewestFirst::next(Change& change) {
  bolt::LeafElement entry;
  if (!cursor_.next(entry)) {
    if (!cursor_.finished()) problem_ = space_.damaged_in("key", cursor_.error());
    return false;
  }
  const auto read = space_.read(entry, change);
  if (!read) problem_ = read.error();
  return read.has_value();
}

}  // namespace etcd
