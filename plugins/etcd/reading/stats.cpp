#include <algorithm>
#include <format/key_table.hpp>
#include <format/kubernetes.hpp>
#include <map>

#include "reading/reading.hpp"
#include "reading/text.hpp"

namespace etcd {
namespace {

using snapcore::fail;

// More prefixes than this are not told apart, so that memory stays the same whatever the keys.
constexpr std::size_t kMostGroups = 20000;
constexpr std::string_view kOthers = "(all others)";
constexpr std::string_view kNoPrefix = "(keys without '/')";

struct Sum {
  std::uint64_t live_keys = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t history_entries = 0;
  std::uint64_t history_bytes = 0;

  std::uint64_t bytes() const { return live_bytes + history_bytes; }
  void add(bool alive, std::uint64_t size) {
    (alive ? live_keys : history_entries) += 1;
    (alive ? live_bytes : history_bytes) += size;
  }
  void add(const Sum& other) {
    live_keys += other.live_keys;
    live_bytes += other.live_bytes;
    history_entries += other.history_entries;
    history_bytes += other.history_bytes;
  }
};

class Groups {
 public:
  Sum& of(std::string_view name) {
    const auto found = sums_.find(name);
    if (found != sums_.end()) return found->second;
    if (sums_.size() >= kMostGroups) return sums_[std::string(kOthers)];
    return sums_[std::string(name)];
  }
  const std::map<std::string, Sum, std::less<>>& all() const { return sums_; }
  // The largest first.
  std::vector<std::pair<std::string, Sum>> largest(std::size_t most) const {
    std::vector<std::pair<std::string, Sum>> list(sums_.begin(), sums_.end());
    std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) {
      return a.second.bytes() > b.second.bytes();
    });
    if (list.size() > most) list.resize(most);
    return list;
  }

 private:
  std::map<std::string, Sum, std::less<>> sums_;
};

// Sums by kind. A deletion holds no object, only a path; what else lies there tells its kind,
// unless that is of several kinds.
class Kinds {
 public:
  void add(std::string_view key, std::string_view value, bool alive, std::uint64_t size) {
    const auto by_path = object_by_path(key);
    if (const auto object = decode_envelope(value)) {
      told_.of(object->kind).add(alive, size);
      if (by_path) learn(by_path->kind, object->kind);
    } else if (by_path) {
      by_path_.of(by_path->kind).add(alive, size);
    }
  }

  Groups all() const {
    Groups all = told_;
    for (const auto& [path, sum] : by_path_.all()) {
      const auto kind = kinds_.find(path);
      const bool known = kind != kinds_.end() && !kind->second.empty();
      all.of(known ? kind->second : path).add(sum);
    }
    return all;
  }

 private:
  void learn(const std::string& path, const std::string& kind) {
    if (kinds_.size() >= kMostGroups) return;
    const auto [known, is_new] = kinds_.try_emplace(path, kind);
    if (!is_new && known->second != kind) known->second.clear();
  }

  Groups told_;
  Groups by_path_;
  std::map<std::string, std::string, std::less<>> kinds_;  // empty: several
};

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}
std::string right(const std::string& text, std::size_t width) {
  return std::string(width - std::min(width, text.size()), ' ') + text;
}

std::string row(const std::string& by, const std::string& name, const Sum& sum) {
  return padded(by, 7) + right(size_words(sum.live_bytes), 9) + " live in " +
         right(std::to_string(sum.live_keys), 7) + (sum.live_keys == 1 ? " key  " : " keys ") +
         right(size_words(sum.history_bytes), 9) + " history in " +
         right(std::to_string(sum.history_entries), 7) + "  " + name;
}

class Counting {
 public:
  Counting(const KeySpace& space, const StatsArgs& args, const Reading& reading)
      : space_(space), args_(args), reading_(reading) {}

  Result<Stats> run() {
    if (auto done = count_buckets(); !done) return fail(done.error());
    if (auto done = count_keys(); !done) return fail(done.error());
    if (auto done = hand_over("kind", kinds_.all()); !done) return fail(done.error());
    if (auto done = hand_over("prefix", prefixes_); !done) return fail(done.error());
    conclude();
    return std::move(stats_);
  }

 private:
  Result<> count_buckets() {
    const bolt::Database& database = space_.database();
    bolt::Cursor buckets(database, database.root());
    for (bolt::LeafElement entry; buckets.next(entry);) {
      const auto bucket = bolt::read_bucket(entry.value);
      if (!bucket) return fail(space_.damaged_in(text_of(entry.key), bucket.error()));
      if (auto done = count_bucket(shown(text_of(entry.key)), *bucket); !done) return done;
    }
    if (!buckets.finished())
      return fail(space_.damaged("the list of buckets, " + buckets.error().message));
    // Two meta pages, the pages of all trees, and a freelist at most; the rest is free.
    const std::uint64_t used = pages_ + buckets.pages() + 2;
    const std::uint64_t all = database.meta().high_water_mark;
    free_pages_ = all - std::min(all, used);
    return {};
  }

  Result<> count_bucket(const std::string& name, const bolt::Bucket& bucket) {
    Share share{.by = "bucket", .name = name, .entries = 0};
    std::uint64_t bytes = 0;
    bolt::Cursor cursor(space_.database(), bucket);
    for (bolt::LeafElement entry; cursor.next(entry);) {
      bytes += entry.key.size() + entry.value.size();
      if (auto go = reading_.keep_going(++*share.entries); !go) return go;
    }
    if (!cursor.finished()) return fail(space_.damaged_in(name, cursor.error()));
    pages_ += cursor.pages();
    share.pages = cursor.pages();
    share.words = padded("bucket", 7) + right(size_words(bytes), 9) + " in " +
                  right(std::to_string(*share.entries), 7) +
                  (*share.entries == 1 ? " entry   on " : " entries on ") +
                  right(std::to_string(cursor.pages()), 6) +
                  (cursor.pages() == 1 ? " page   " : " pages  ") + name;
    return reading_.hand_over(share);
  }

  Result<> count_keys() {
    KeyTable seen;
    std::uint64_t entries = 0;
    NewestFirst changes(space_, space_.revision());
    for (Change change; changes.next(change);) {
      if (auto go = reading_.keep_going(++entries); !go) return go;
      const bool newest = seen.add(bytes_of(change.key));
      const bool alive = newest && !change.at.tombstone;
      const std::uint64_t size = change.name.size() + change.message.size();
      all_.add(alive, size);
      if (change.key.empty()) continue;
      const std::string_view prefix = group_of(change.key, args_.depth);
      prefixes_.of(prefix.empty() ? kNoPrefix : prefix).add(alive, size);
      count_kind(change, alive, size);
    }
    if (changes.problem()) return fail(*changes.problem());
    return {};
  }

  void count_kind(const Change& change, bool alive, std::uint64_t size) {
    const auto kv = space_.decode(change);
    kinds_.add(change.key, kv ? kv->value : std::string_view(), alive, size);
  }

  Result<> hand_over(const std::string& by, const Groups& groups) {
    for (const auto& [name, sum] : groups.largest(args_.top)) {
      Share share{.by = by,
                  .name = shown(name),
                  .live_keys = sum.live_keys,
                  .live_bytes = sum.live_bytes,
                  .history_entries = sum.history_entries,
                  .history_bytes = sum.history_bytes};
      share.words = row(by, share.name, sum);
      if (auto put = reading_.hand_over(share); !put) return put;
    }
    return {};
  }

  void conclude() {
    const bolt::Database& database = space_.database();
    stats_.database_bytes = database.size();
    stats_.free_bytes = free_pages_ * database.meta().page_size;
    stats_.live_keys = all_.live_keys;
    stats_.live_bytes = all_.live_bytes;
    stats_.history_entries = all_.history_entries;
    stats_.history_bytes = all_.history_bytes;
    stats_.words = {
        space_.name() + ": " + size_words(stats_.database_bytes) + " of pages, " +
            (stats_.free_bytes == 0 ? "none of them free"
                                    : size_words(stats_.free_bytes) +
                                          " of them free (a defragmentation gives them back)"),
        size_words(stats_.live_bytes) + " in " + count_words(stats_.live_keys, "key") + ", " +
            size_words(stats_.history_bytes) + " in " + std::to_string(stats_.history_entries) +
            " older values and deletions" +
            (stats_.history_entries == 0 ? "" : " (a compaction frees them)")};
  }

  const KeySpace& space_;
  const StatsArgs& args_;
  const Reading& reading_;
  Groups prefixes_;
  Kinds kinds_;
  Sum all_;
  std::uint64_t pages_ = 0;
  std::uint64_t free_pages_ = 0;
  Stats stats_;
};

}  // namespace

Result<Stats> stats_of(const KeySpace& space, const StatsArgs& args, const Reading& reading) {
  return Counting(space, args, reading).run();
}

}  // namespace etcd
