#include "format/snapshot.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <format/bolt.hpp>
#include <format/crc32c.hpp>
#include <format/pieces.hpp>
#include <format/snapshot_buckets.hpp>
#include <future>
#include <snapcore/support/digest.hpp>
#include <thread>
#include <utility>

namespace etcd {
namespace {

using snapcore::Category;
using snapcore::fail;
using snapcore::Sha256;

constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr auto kTick = std::chrono::milliseconds(50);  // between two looks at `canceled`
constexpr std::uint64_t kFurtherShown = 15;
constexpr std::uint64_t kEntriesShown = 3;  // of those that are wrong, of each bucket
constexpr std::uint64_t kEnoughZeros = std::uint64_t{256}
                                       << 20;             // nobody wants to know how many more
constexpr std::uint64_t kWiped = 2 * bolt::kMinPageSize;  // both meta pages, however small

// A file without a digest ends with a sector.
std::string problem_with_length(std::uint64_t file_size, std::uint64_t database_size) {
  const std::uint64_t behind = file_size - database_size;
  if (has_trailer(file_size) || behind % 512 == 0) return {};
  return "behind its pages stand " + std::to_string(behind) + (behind == 1 ? " byte" : " bytes") +
         " instead of the 32 of its SHA-256";
}

class Examination {
 public:
  Examination(const FileBytes& file, std::string_view name, const ExamineOptions& options)
      : file_(file), name_(name), options_(options) {}

  Result<Examined> run() {
    if (file_.size() == 0) {
      return fail(refused("snapshot_empty", "is empty", "take the snapshot again"));
    }
    const auto database = bolt::Database::open(file_);
    if (!database) return fail(not_opened(database.error()));
    examined_.file_size = file_.size();
    examined_.database_size = database->size();
    examined_.page_size = database->meta().page_size;
    examined_.has_trailer = has_trailer(file_.size());
    examined_.both_metas_valid = database->both_metas_valid();
    if (auto done = check_length(); !done) return fail(done.error());
    // Half of the time goes into the digest: it is computed beside the rest.
    std::future<Digest> digest;
    if (examined_.has_trailer && options_.check_hash)
      digest = std::async(beside(), [this] { return digest_of_pages(); });
    auto read = read_all(*database);
    stopped_ = !read;
    if (digest.valid()) {
      if (auto done = take(digest); read && !done) read = fail(done.error());
    }
    if (!read) return fail(read.error());
    check_ends(*database);
    if (auto done = demand_buckets(); !done) return fail(done.error());
    conclude();
    if (problem_) return fail(whole_problem());
    return std::move(examined_);
  }

 private:
  struct Digest {
    std::string problem;  // why there is none
    Sha256::Digest of_pages{};
    Sha256::Digest at_end{};
  };

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

  // Of what the pages hold. Where a page is broken, a walk that ends there needs no reason.
  struct ContentProblem {
    std::string words;
    std::string of_broken_pages;
  };

  void note_first(snapcore::Error error) {
    auto later = std::exchange(problem_, std::move(error));
    if (later) note(std::move(*later));
  }

  // The first problem gives the error its code, the others are a line each; the reading goes on.
  void note(snapcore::Error error) {
    if (!problem_) {
      problem_ = std::move(error);
    } else if (++further_ <= kFurtherShown) {
      constexpr std::string_view kDamaged = "is damaged: ";
      std::string line = error.message.substr(name_.size() + 1);
      if (line.starts_with(kDamaged)) line.erase(0, kDamaged.size());
      problem_->message += "\n" + line;
    }
  }

  snapcore::Error whole_problem() {
    if (further_ > kFurtherShown)
      problem_->message += "\nand " + std::to_string(further_ - kFurtherShown) + " more";
    problem_->hint += (problem_->hint.empty() ? "" : "; ") + what_could_be_read();
    return std::move(*problem_);
  }

  std::string what_could_be_read() const {
    std::string members;
    for (const Member& member : examined_.members) {
      members += (members.empty() ? ", of the members " : ", ") +
                 (member.name.empty() ? id_text(member.id) : member.name);
    }
    return "what can be read of it: " + std::to_string(examined_.live_keys) + " keys in " +
           std::to_string(examined_.total_entries) + " entries up to revision " +
           std::to_string(examined_.revision) + members;
  }

  snapcore::Error not_opened(const snapcore::Error& error) {
    if (error.code == "etcd.bolt_truncated") return truncated(error.message);
    if (error.code == "etcd.bolt_damaged") return damaged(error.message);
    if (error.code == "etcd.bolt_foreign") {
      const std::uint64_t zeros = zeros_at_the_beginning();
      if (zeros >= kEnoughZeros)
        return refused("not_a_snapshot", "is not an etcd snapshot: its first " +
                                             std::to_string(zeros) + " bytes are zeros");
      if (zeros == file_.size())
        return refused("not_a_snapshot", "is not an etcd snapshot: it holds nothing but zeros");
      if (zeros >= kWiped) {
        return refused("not_a_snapshot",
                       "cannot be read: its first " + std::to_string(zeros) +
                           " bytes, where both meta pages of a snapshot are, are zeros; what "
                           "follows is not");
      }
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

  std::uint64_t zeros_at_the_beginning() const {
    Room room;
    Bytes piece;
    for (std::uint64_t at = 0; at < file_.size(); at += piece.size()) {
      if (at >= kEnoughZeros) return at;
      const auto wanted =
          static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, file_.size() - at));
      if (!file_.fetch(at, wanted, room, piece).empty()) return at;
      const auto other =
          std::find_if(piece.begin(), piece.end(), [](std::byte b) { return b != std::byte{0}; });
      if (other != piece.end()) return at + static_cast<std::uint64_t>(other - piece.begin());
    }
    return file_.size();
  }

  // Behind its pages a server's own file has zeros, or a page that was given up. That holds more
  // than 32 bytes, or, when it is empty, no more than its header.
  bool hides_a_digest() const {
    constexpr std::size_t kSector = 512;
    Room room;
    Bytes behind;
    const std::uint64_t end = examined_.database_size;
    if (examined_.file_size - end < kSector) return false;
    if (!file_.fetch(end, kSector, room, behind).empty()) return false;
    const auto is_zero = [](std::byte b) { return b == std::byte{0}; };
    const Bytes digest = behind.first(Sha256::kSize);
    const Bytes rest = behind.subspan(Sha256::kSize);
    return std::all_of(rest.begin(), rest.end(), is_zero) &&
           !std::all_of(digest.begin() + bolt::kPageHeaderSize, digest.end(), is_zero);
  }

  // Without the digest the length alone tells a whole snapshot from one cut within its digest.
  Result<> check_length() {
    if (examined_.has_trailer) return {};
    if (hides_a_digest()) {
      const std::uint64_t whole = examined_.database_size + Sha256::kSize;
      return fail(refused("snapshot_damaged",
                          "is " + std::to_string(examined_.file_size - whole) +
                              " bytes too long: behind its pages stands what looks like their "
                              "SHA-256, and more behind that",
                          "copy or take the snapshot again; without what was added to it the file "
                          "has " +
                              std::to_string(whole) + " bytes"));
    }
    if (const auto problem = problem_with_length(examined_.file_size, examined_.database_size);
        !problem.empty()) {
      const std::uint64_t behind = examined_.file_size - examined_.database_size;
      if (behind <= Sha256::kSize) return fail(truncated(problem));
      const std::uint64_t more = behind - Sha256::kSize;
      return fail(refused(
          "snapshot_damaged",
          "is " + std::to_string(more) + (more == 1 ? " byte" : " bytes") + " too long: " + problem,
          "copy or take the snapshot again"));
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

  // On a thread of its own.
  Digest digest_of_pages() const {
    Digest digest;
    const std::uint64_t end = file_.size() - Sha256::kSize;
    Sha256 hash;
    digest.problem = in_pieces(file_, 0, end, stopped_, [&](Bytes piece) { hash.update(piece); });
    if (!digest.problem.empty()) return digest;
    digest.of_pages = hash.finish();
    Room room;
    Bytes last;
    digest.problem = file_.fetch(end, Sha256::kSize, room, last);
    if (digest.problem.empty()) std::copy(last.begin(), last.end(), digest.at_end.begin());
    return digest;
  }

  Result<> take(std::future<Digest>& computed) {
    while (computed.wait_for(kTick) == std::future_status::timeout) {
      if (auto go_on = check_canceled(); !go_on) {
        stopped_ = true;
        computed.wait();
        return go_on;
      }
    }
    const Digest digest = computed.get();
    if (stopped_) return {};
    if (!digest.problem.empty()) return fail(damaged(digest.problem));
    examined_.sha256 = snapcore::to_hex(digest.of_pages);
    examined_.sha_ok = digest.of_pages == digest.at_end;
    if (examined_.sha_ok) return {};
    note_first(refused("snapshot_hash_mismatch",
                       "does not have the content its digest names: SHA-256 of its pages is " +
                           examined_.sha256 + ", at its end stands " +
                           snapcore::to_hex(digest.at_end)));
    return {};
  }

  // Where no digest vouches for the bytes between the pages.
  void check_ends(const bolt::Database& database) {
    if (examined_.sha_ok) return;
    for (const std::string& problem : problems_at_ends(file_, database)) note(damaged(problem));
  }

  // The pages are checked beside the reading of what they hold; what is wrong with them is told
  // first, since it explains the rest.
  Result<> read_all(const bolt::Database& database) {
    if (auto go_on = check_canceled(); !go_on) return go_on;
    auto structure = std::async(beside_the_digest(), [&] { return database.check(); });
    const auto read = read_buckets(database);
    const bolt::Findings findings = structure.get();
    for (const auto& kind : findings.kinds) note(damaged(kind.words()));
    for (const ContentProblem& problem : content_problems_) {
      const std::string& words = findings.clean() ? problem.words : problem.of_broken_pages;
      if (!words.empty()) note(damaged(words));
    }
    return read;
  }

  // The digest takes longest: it keeps a processor of its own, and with two of them the rest is
  // done in turn on the other.
  std::launch beside_the_digest() const {
    const bool digests = examined_.has_trailer && options_.check_hash;
    return digests && std::thread::hardware_concurrency() <= 2 ? std::launch::deferred : beside();
  }

  // Whether a thread is worth it.
  std::launch beside() const {
    return file_.size() > kPiece ? std::launch::async : std::launch::deferred;
  }

  Result<> read_buckets(const bolt::Database& database) {
    bolt::Cursor cursor(database, database.root());
    for (bolt::LeafElement entry; cursor.next(entry);) {
      const std::string name(text_of(entry.key));
      const auto bucket = bolt::read_bucket(entry.value);
      if (!bucket) {
        note_content("bucket '" + name + "': " + bucket.error().message);
        continue;
      }
      if (auto done = read_bucket(database, name, *bucket); !done) return done;
    }
    if (!cursor.finished())
      content_problems_.push_back({.words = cursor.error().message, .of_broken_pages = {}});
    return {};
  }

  Result<> demand_buckets() {
    for (const char* wanted : {"key", "meta", "members"}) {
      const auto& all = examined_.buckets;
      if (problem_) break;  // what is missing may be what cannot be read
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
    std::uint64_t wrong = 0;
    bolt::Cursor cursor(database, bucket);
    std::optional<snapcore::Error> broken;
    // Behind a page that is wrong all else is read: what is left is what somebody wants to know.
    const auto next = [&](bolt::LeafElement& entry) {
      while (!cursor.next(entry)) {
        if (cursor.finished()) return false;
        if (!broken) broken = cursor.error();
        if (!cursor.step_over()) return false;
      }
      return true;
    };
    for (bolt::LeafElement entry; next(entry); ++count.entries) {
      if (options_.sum_entries) status = crc32c(crc32c(status, entry.key), entry.value);
      if (options_.sum_entries && !same && in_backend_hash(name, text_of(entry.key))) {
        backend = crc32c(crc32c(backend, entry.key), entry.value);
      }
      if (auto problem = reader_.take(entry); !problem.empty() && ++wrong <= kEntriesShown) {
        note_content("bucket '" + name + "', entry " + std::to_string(count.entries) + " (" +
                     show_key(entry.key) + "): " + problem);
      }
      if (count.entries % 65536 == 65535) {
        if (auto go_on = check_canceled(); !go_on) return go_on;
      }
    }
    if (wrong > kEntriesShown) {
      const std::uint64_t more = wrong - kEntriesShown;
      note_content("bucket '" + name + "': " + std::to_string(more) + " more " +
                   (more == 1 ? "entry is" : "entries are") + " wrong");
    }
    if (broken) note_unfinished(name, count.entries, *broken);
    if (options_.sum_entries) {
      examined_.status_hash = status;
      examined_.backend_hash = same ? status : backend;
    }
    examined_.total_entries += count.entries;
    examined_.buckets.push_back(std::move(count));
    return {};
  }

  // The check of the structure has named the page already, unless it was cut since.
  void note_unfinished(const std::string& name, std::uint64_t entries,
                       const snapcore::Error& broken) {
    content_problems_.push_back(
        {.words = "bucket '" + name + "': " + broken.message,
         .of_broken_pages = "bucket '" + name +
                            "' cannot be read whole: " + std::to_string(entries) +
                            (entries == 1 ? " entry was" : " entries were")});
  }

  void note_content(const std::string& words) {
    content_problems_.push_back({.words = words, .of_broken_pages = words});
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

  const FileBytes& file_;
  std::string name_;
  const ExamineOptions& options_;
  Examined examined_;
  BucketReader reader_{examined_};
  std::optional<snapcore::Error> problem_;
  std::uint64_t further_ = 0;
  std::vector<ContentProblem> content_problems_;
  std::atomic<bool> stopped_ = false;
};

}  // namespace

std::vector<std::string> problems_at_ends(const FileBytes& file, const bolt::Database& database) {
  std::vector<std::string> problems;
  if (auto problem = problem_with_length(file.size(), database.size()); !problem.empty())
    problems.push_back(std::move(problem));
  if (!has_trailer(file.size())) return problems;
  // A server sends both meta pages whole and nothing behind the last page but the digest.
  if (!database.both_metas_valid()) problems.emplace_back("one of its two meta pages is not whole");
  if (file.size() != database.size() + Sha256::kSize) {
    problems.push_back("its meta page counts " + std::to_string(database.size()) +
                       " bytes of pages, but the digest stands at byte " +
                       std::to_string(file.size() - Sha256::kSize));
  }
  return problems;
}

Result<Examined> examine(const FileBytes& file, std::string_view name,
                         const ExamineOptions& options) {
  return Examination(file, name, options).run();
}

namespace {

bool holds(const std::vector<std::uint64_t>& ids, std::uint64_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

template <class Wanted>
std::vector<Member> members_that(const Examined& examined, Wanted wanted) {
  std::vector<Member> found;
  if (!examined.voters || examined.voters->empty()) return found;
  std::copy_if(examined.members.begin(), examined.members.end(), std::back_inserter(found), wanted);
  return found;
}

}  // namespace

std::vector<Member> zombies_of(const Examined& examined) {
  return members_that(examined, [&](const Member& member) {
    return !holds(*examined.voters, member.id) && !holds(examined.learners, member.id);
  });
}

std::vector<Member> forgotten_promotions_of(const Examined& examined) {
  return members_that(examined, [&](const Member& member) {
    return member.is_learner && holds(*examined.voters, member.id);
  });
}

}  // namespace etcd
