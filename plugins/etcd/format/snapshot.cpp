#include "format/snapshot.hpp"

#include <algorithm>
#include <format/bolt.hpp>
#include <format/crc32c.hpp>
#include <format/snapshot_buckets.hpp>
#include <snapcore/support/digest.hpp>

namespace etcd {
namespace {

using snapcore::Category;
using snapcore::fail;
using snapcore::Sha256;

constexpr std::size_t kPiece = std::size_t{8} << 20;  // between two looks at `canceled`

class Examination {
 public:
  Examination(Bytes file, std::string_view name, const ExamineOptions& options)
      : file_(file), name_(name), options_(options) {}

  Result<Examined> run() {
    if (file_.empty()) {
      return fail(refused("snapshot_empty", "is empty", "take the snapshot again"));
    }
    const auto database = bolt::Database::open(file_);
    if (!database) return fail(not_opened(database.error()));
    examined_.file_size = file_.size();
    examined_.database_size = database->size();
    examined_.page_size = database->meta().page_size;
    examined_.has_trailer = has_trailer(file_.size());
    if (auto done = check_length(); !done) return fail(done.error());
    if (examined_.has_trailer && options_.check_hash) {
      if (auto done = check_digest(); !done) return fail(done.error());
    }
    if (auto done = check_structure(*database); !done) return fail(done.error());
    if (auto done = read_buckets(*database); !done) return fail(done.error());
    conclude();
    return std::move(examined_);
  }

 private:
  snapcore::Error refused(std::string_view code, const std::string& what, std::string hint = {}) {
    if (hint.empty()) hint = "use another snapshot";
    return {.code = "etcd." + std::string(code),
            .message = name_ + " " + what,
            .hint = std::move(hint),
            .category = Category::kCorrupt};
  }

  snapcore::Error damaged(const std::string& where) {
    return refused("snapshot_damaged", "is damaged: " + where);
  }

  snapcore::Error not_opened(const snapcore::Error& error) {
    if (error.code == "etcd.bolt_truncated") return truncated(error.message);
    if (error.code == "etcd.bolt_damaged") return damaged(error.message);
    if (error.code == "etcd.bolt_foreign" && zeros_only()) {
      return refused("not_a_snapshot", "is not an etcd snapshot: it holds nothing but zeros");
    }
    auto refusal =
        refused("not_a_snapshot", "is not an etcd snapshot that can be read here: " + error.message,
                error.hint);
    refusal.category = Category::kPrecondition;
    return refusal;
  }

  snapcore::Error truncated(const std::string& what) {
    return refused("snapshot_truncated", "is cut off: " + what, "copy or take the snapshot again");
  }

  bool zeros_only() const {
    const Bytes head = file_.first(std::min<std::size_t>(file_.size(), 4096));
    return std::all_of(head.begin(), head.end(), [](std::byte b) { return b == std::byte{0}; });
  }

  // Without the digest the length alone tells a whole snapshot from one cut within its digest.
  Result<> check_length() {
    const std::uint64_t behind = examined_.file_size - examined_.database_size;
    if (examined_.has_trailer) return {};
    if (behind % 512 != 0) {
      return fail(truncated("behind its pages stand " + std::to_string(behind) +
                            " bytes instead of the 32 of its SHA-256"));
    }
    if (!options_.require_trailer) return {};
    return fail(refused("snapshot_no_trailer",
                        "ends without the SHA-256 that every saved snapshot ends with; it may be a "
                        "copy of a server's db file",
                        "use a snapshot, or allow a file without digest if this copy was made of a "
                        "stopped server"));
  }

  Result<> check_canceled() {
    if (!options_.canceled || !options_.canceled()) return {};
    return fail(
        {.code = "etcd.canceled", .message = "the examination of " + name_ + " was canceled"});
  }

  Result<> check_digest() {
    const Bytes content = file_.first(file_.size() - Sha256::kSize);
    Sha256 hash;
    for (std::size_t at = 0; at < content.size(); at += kPiece) {
      if (auto go_on = check_canceled(); !go_on) return go_on;
      hash.update(content.subspan(at, std::min(kPiece, content.size() - at)));
    }
    const auto digest = hash.finish();
    examined_.sha256 = snapcore::to_hex(digest);
    const Bytes trailer = file_.last(Sha256::kSize);
    if (std::equal(digest.begin(), digest.end(), trailer.begin())) {
      examined_.sha_ok = true;
      return {};
    }
    return fail(refused("snapshot_hash_mismatch",
                        "does not have the content its digest names: SHA-256 of its pages is " +
                            examined_.sha256 + ", at its end stands " + snapcore::to_hex(trailer)));
  }

  Result<> check_structure(const bolt::Database& database) {
    if (auto go_on = check_canceled(); !go_on) return go_on;
    if (examined_.has_trailer && !examined_.sha_ok) {
      // A server sends both meta pages whole and nothing behind the last page but the digest.
      if (!database.both_metas_valid())
        return fail(damaged("one of its two meta pages is not whole"));
      if (examined_.file_size != examined_.database_size + Sha256::kSize) {
        return fail(damaged("its meta page counts " + std::to_string(examined_.database_size) +
                            " bytes of pages, but the digest stands at byte " +
                            std::to_string(examined_.file_size - Sha256::kSize)));
      }
    }
    const bolt::Findings findings = database.check();
    if (findings.clean()) return {};
    std::string list;
    for (const std::string& finding : findings.first) list += (list.empty() ? "" : "; ") + finding;
    if (findings.count > findings.first.size()) list += "; ...";
    return fail(damaged(std::to_string(findings.count) + " findings: " + list));
  }

  Result<> read_buckets(const bolt::Database& database) {
    bolt::Cursor cursor(database, database.root());
    for (bolt::LeafElement entry; cursor.next(entry);) {
      const std::string name(text_of(entry.key));
      const auto bucket = bolt::read_bucket(entry.value);
      if (!bucket) return fail(damaged("bucket '" + name + "': " + bucket.error().message));
      if (auto done = read_bucket(database, name, *bucket); !done) return done;
    }
    if (!cursor.finished()) return fail(damaged(cursor.error().message));
    for (const char* wanted : {"key", "meta", "members"}) {
      const auto& all = examined_.buckets;
      if (std::none_of(all.begin(), all.end(), [&](const auto& b) { return b.name == wanted; })) {
        auto refusal =
            refused("not_a_snapshot", "is a bbolt database, but not etcd's: it has no bucket '" +
                                          std::string(wanted) + "'");
        refusal.category = Category::kPrecondition;
        return fail(std::move(refusal));
      }
    }
    return {};
  }

  // Which entries of `meta` a member leaves out of its hash depends on its version; those it does
  // not know are not there.
  static bool in_backend_hash(std::string_view bucket, std::string_view key) {
    return bucket != "meta" ||
           (key != "consistent_index" && key != "term" && key != "storageVersion");
  }

  Result<> read_bucket(const bolt::Database& database, const std::string& name,
                       const bolt::Bucket& bucket) {
    // The two hashes differ from the first entry on that one of them leaves out; until then one sum
    // serves both.
    const bool same = examined_.backend_hash == examined_.status_hash && name != "meta";
    std::uint32_t status = crc32c(examined_.status_hash, bytes_of(name));
    std::uint32_t backend = crc32c(examined_.backend_hash, bytes_of(name));
    BucketCount count{.name = name, .entries = 0};
    reader_.begin(name);
    bolt::Cursor cursor(database, bucket);
    for (bolt::LeafElement entry; cursor.next(entry); ++count.entries) {
      status = crc32c(crc32c(status, entry.key), entry.value);
      if (!same && in_backend_hash(name, text_of(entry.key))) {
        backend = crc32c(crc32c(backend, entry.key), entry.value);
      }
      if (auto problem = reader_.take(entry); !problem.empty()) {
        return fail(damaged("bucket '" + name + "', entry " + std::to_string(count.entries) + " (" +
                            show_key(entry.key) + "): " + problem));
      }
      if (count.entries % 65536 == 65535) {
        if (auto go_on = check_canceled(); !go_on) return go_on;
      }
    }
    if (!cursor.finished())
      return fail(damaged("bucket '" + name + "': " + cursor.error().message));
    examined_.status_hash = status;
    examined_.backend_hash = same ? status : backend;
    examined_.total_entries += count.entries;
    examined_.buckets.push_back(std::move(count));
    return {};
  }

  static std::string show_key(Bytes key) {
    const std::string_view text = text_of(key);
    const bool printable =
        std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
    if (printable && text.size() <= 64) return std::string(text);
    return "0x" + snapcore::to_hex(key.first(std::min<std::size_t>(key.size(), 32)));
  }

  void conclude() {
    if (examined_.finished_compact) examined_.compact_revision = examined_.finished_compact->main;
    examined_.current_revision =
        std::max({std::int64_t{1}, examined_.revision, examined_.compact_revision});
    if (examined_.scheduled_compact) {
      examined_.current_revision =
          std::max(examined_.current_revision, examined_.scheduled_compact->main);
    }
    std::sort(examined_.members.begin(), examined_.members.end(),
              [](const Member& a, const Member& b) { return a.id < b.id; });
  }

  Bytes file_;
  std::string name_;
  const ExamineOptions& options_;
  Examined examined_;
  BucketReader reader_{examined_};
};

}  // namespace

Result<Examined> examine(Bytes file, std::string_view name, const ExamineOptions& options) {
  return Examination(file, name, options).run();
}

}  // namespace etcd
