// Both files are read once from the back, the first one twice: its live keys go into a table with a
// fingerprint of what they hold, the second file's are looked up there, and what nobody looked up
// is gone. The table keeps 32 bytes a key whatever the keys and values are.
#include <format/key_table.hpp>
#include <format/kubernetes.hpp>
#include <map>
#include <snapcore/utf8.hpp>

#include "reading/reading.hpp"
#include "reading/text.hpp"

namespace etcd {
namespace {

using snapcore::fail;

// The 40 bits beside a key: 38 of a fingerprint, and what is known of it.
constexpr std::uint64_t kOnlyInA = 1;  // as far as is known yet
constexpr std::uint64_t kSeenInB = 2;
constexpr std::uint64_t kFlags = 3;
constexpr std::size_t kMostGroups = 20000;
constexpr std::string_view kOthers = "(all others)";

enum class What { kAdded, kRemoved, kChanged };

class Comparing {
 public:
  Comparing(const KeySpace& a, const KeySpace& b, const DiffArgs& args, const Reading& reading)
      : a_(a), b_(b), args_(args), reading_(reading) {}

  Result<Diff> run() {
    const auto a_revision = a_.choose(args_.a_revision);
    if (!a_revision) return fail(a_revision.error());
    const auto b_revision = b_.choose(args_.b_revision);
    if (!b_revision) return fail(b_revision.error());
    diff_.a_revision = *a_revision;
    diff_.b_revision = *b_revision;
    auto prefix = wanted_bytes("prefix", args_.prefix, args_.prefix_base64);
    if (!prefix) return fail(prefix.error());
    prefix_ = std::move(*prefix);
    if (auto done = remember_a(); !done) return fail(done.error());
    if (auto done = look_up_b(); !done) return fail(done.error());
    if (only_in_a_ > 0) {
      if (auto done = find_removed(); !done) return fail(done.error());
    }
    if (auto done = hand_over_groups(); !done) return fail(done.error());
    diff_.words = {std::to_string(diff_.added) + " added, " + std::to_string(diff_.removed) +
                   " removed, " + std::to_string(diff_.changed) + " changed, " +
                   std::to_string(diff_.unchanged) + " unchanged from " + a_.name() +
                   " (revision " + std::to_string(diff_.a_revision) + ") to " + b_.name() +
                   " (revision " + std::to_string(diff_.b_revision) + ")"};
    return std::move(diff_);
  }

 private:
  // Calls `take` for every change under the prefix, the latest first.
  template <class Take>
  Result<> walk(const KeySpace& space, std::int64_t revision, Take take) {
    std::uint64_t entries = 0;
    NewestFirst changes(space, revision);
    for (Change change; changes.next(change);) {
      if (auto go = reading_.keep_going(++entries); !go) return go;
      if (change.key.empty() || !change.key.starts_with(prefix_)) continue;
      if (auto taken = take(change); !taken) return taken;
    }
    if (changes.problem()) return fail(*changes.problem());
    return {};
  }

  // What counts as the same: value and lease. Revisions differ whenever somebody wrote the same
  // again.
  Result<std::uint64_t> fingerprint(const KeySpace& space, const Change& change) const {
    const auto kv = space.decode(change);
    if (!kv) return fail(kv.error());
    const Hash128 hash = fingerprint_(bytes_of(kv->value));
    const std::uint64_t lease = static_cast<std::uint64_t>(kv->lease) * 0x9e3779b97f4a7c15;
    return (hash.low ^ lease) & KeyTable::kPayloadMask & ~kFlags;
  }

  Result<> remember_a() {
    return walk(a_, diff_.a_revision, [&](const Change& change) -> Result<> {
      const auto found = table_.find_or_add(bytes_of(change.key));
      if (!found.added || change.at.tombstone) return {};
      const auto print = fingerprint(a_, change);
      if (!print) return fail(print.error());
      found.slot->set_payload(*print | kOnlyInA);
      ++only_in_a_;
      return {};
    });
  }

  Result<> look_up_b() {
    return walk(b_, diff_.b_revision, [&](const Change& change) -> Result<> {
      KeyTable::Slot& slot = *table_.find_or_add(bytes_of(change.key)).slot;
      const std::uint64_t known = slot.payload();
      if ((known & kSeenInB) != 0) return {};
      slot.set_payload(known | kSeenInB);
      if (change.at.tombstone) return {};
      if ((known & kOnlyInA) == 0) return report(What::kAdded, b_, change);
      slot.set_payload((known & ~kOnlyInA) | kSeenInB);
      --only_in_a_;
      const auto print = fingerprint(b_, change);
      if (!print) return fail(print.error());
      if ((known & ~kFlags) != *print) return report(What::kChanged, b_, change);
      ++diff_.unchanged;
      return {};
    });
  }

  Result<> find_removed() {
    return walk(a_, diff_.a_revision, [&](const Change& change) -> Result<> {
      KeyTable::Slot& slot = *table_.find_or_add(bytes_of(change.key)).slot;
      if ((slot.payload() & kOnlyInA) == 0) return {};
      slot.set_payload(slot.payload() & ~kOnlyInA);
      return report(What::kRemoved, a_, change);
    });
  }

  Result<> report(What what, const KeySpace& space, const Change& change) {
    (what == What::kAdded     ? diff_.added
     : what == What::kRemoved ? diff_.removed
                              : diff_.changed) += 1;
    if (args_.by == DiffBy::kPrefix) {
      count(what, change.key);
      return {};
    }
    const auto kv = space.decode(change);
    if (!kv) return fail(kv.error());
    return reading_.hand_over(difference(what, *kv));
  }

  static Difference difference(What what, const KeyValue& kv) {
    Written key = write_key(kv.key);
    Difference found{.change = what == What::kAdded     ? "added"
                               : what == What::kRemoved ? "removed"
                                                        : "changed",
                     .key = std::move(key.text),
                     .key_base64 = std::move(key.base64)};
    if (what != What::kRemoved) found.mod_revision = kv.mod_revision;
    found.words = what == What::kAdded ? "+ " : what == What::kRemoved ? "- " : "~ ";
    const auto object = kubernetes_object(kv.key, kv.value);
    if (!object || !snapcore::is_utf8(object->words() + object->api_version)) {
      found.words += shown_key(kv.key);
      return found;
    }
    found.kind = object->kind;
    if (!object->api_version.empty()) found.api_version = object->api_version;
    if (!object->name_space.empty()) found.name_space = object->name_space;
    found.name = object->name;
    found.words += shown(object->words());
    return found;
  }

  struct Group {
    std::uint64_t added = 0;
    std::uint64_t removed = 0;
    std::uint64_t changed = 0;
  };

  void count(What what, std::string_view key) {
    std::string_view name = group_of(key, args_.depth);
    if (name.empty()) name = key;
    if (groups_.size() >= kMostGroups && !groups_.contains(name)) name = kOthers;
    Group& group = groups_.try_emplace(std::string(name)).first->second;
    (what == What::kAdded     ? group.added
     : what == What::kRemoved ? group.removed
                              : group.changed) += 1;
  }

  Result<> hand_over_groups() {
    for (const auto& [name, group] : groups_) {
      Difference found{.prefix = shown(name),
                       .added = group.added,
                       .removed = group.removed,
                       .changed = group.changed};
      found.words = "+" + std::to_string(group.added) + " -" + std::to_string(group.removed) +
                    " ~" + std::to_string(group.changed) + "  " + *found.prefix;
      if (auto put = reading_.hand_over(found); !put) return put;
    }
    return {};
  }

  const KeySpace& a_;
  const KeySpace& b_;
  const DiffArgs& args_;
  const Reading& reading_;
  std::string prefix_;
  SipHash fingerprint_;
  KeyTable table_;
  std::uint64_t only_in_a_ = 0;
  std::map<std::string, Group, std::less<>> groups_;
  Diff diff_;
};

}  // namespace

Result<Diff> compare(const KeySpace& a, const KeySpace& b, const DiffArgs& args,
                     const Reading& reading) {
  return Comparing(a, b, args, reading).run();
}

}  // namespace etcd
