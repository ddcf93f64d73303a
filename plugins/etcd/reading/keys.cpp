// keys, get, history and export.
#include <format/key_table.hpp>
#include <format/kubernetes.hpp>
#include <snapcore/support/base64.hpp>
#include <snapcore/utf8.hpp>

#include "reading/reading.hpp"
#include "reading/text.hpp"

namespace etcd {
namespace {

using snapcore::fail;

std::optional<std::string> lease_of(const KeyValue& kv) {
  if (kv.lease == 0) return std::nullopt;
  return id_text(static_cast<std::uint64_t>(kv.lease));
}

// An item may have 1 MB, and JSON makes up to six bytes of one of text.
constexpr std::size_t kLargestText = std::size_t{128} << 10;
constexpr std::size_t kLargestPart = std::size_t{512} << 10;
constexpr std::size_t kShownValue = std::size_t{16} << 10;

KeyItem item_of(const KeyValue& kv) {
  Written key = write_key(kv.key);
  KeyItem item{.key = std::move(key.text),
               .key_base64 = std::move(key.base64),
               .create_revision = kv.create_revision,
               .mod_revision = kv.mod_revision,
               .version = kv.version,
               .lease = lease_of(kv),
               .size = kv.value.size()};
  if (const auto object = kubernetes_object(kv.key, kv.value)) {
    const std::string words = object->words();
    if (snapcore::is_utf8(words)) item.object = words;
  }
  return item;
}

// The item with its value; a large one in several items, one part each.
Result<> hand_over_whole(const Reading& reading, KeyItem item, std::string_view value) {
  if (value.size() <= kLargestText) {
    Written written = write_bytes(value);
    item.value = std::move(written.text);
    item.value_base64 = std::move(written.base64);
    return reading.hand_over(std::move(item));
  }
  if (value.size() > kLargestPart) item.parts = (value.size() + kLargestPart - 1) / kLargestPart;
  for (std::uint64_t part = 1; !value.empty(); ++part) {
    if (item.parts) item.part = part;
    item.value_base64 = snapcore::base64(value.substr(0, kLargestPart));
    if (auto put = reading.hand_over(item); !put) return put;
    value.remove_prefix(std::min(value.size(), kLargestPart));
    item.words.reset();
  }
  return {};
}

std::string shown_value(std::string_view value) {
  if (value.size() <= kShownValue) return shown(value);
  return shown(value.substr(0, kShownValue)) + "... (" + std::to_string(value.size()) +
         " bytes in all; 'export' writes them)";
}

// Calls `take` with each key that is alive at the revision. The entry that a revision bump leaves
// has no key and is nobody's.
template <class Take>
Result<> for_each_live(const KeySpace& space, std::int64_t revision, const std::string& prefix,
                       const Reading& reading, Take take) {
  KeyTable seen;
  std::uint64_t entries = 0;
  NewestFirst changes(space, revision);
  for (Change change; changes.next(change);) {
    if (auto go = reading.keep_going(++entries); !go) return go;
    if (!change.key.starts_with(prefix) || change.key.empty()) continue;
    if (!seen.add(bytes_of(change.key)) || change.at.tombstone) continue;
    const auto kv = space.decode(change);
    if (!kv) return fail(kv.error());
    if (auto taken = take(*kv); !taken) return taken;
  }
  if (changes.problem()) return fail(*changes.problem());
  return {};
}

// Calls `take` with each change of the key, the latest first.
template <class Take>
Result<> for_each_change(const KeySpace& space, std::int64_t revision, const std::string& key,
                         const Reading& reading, Take take) {
  std::uint64_t entries = 0;
  NewestFirst changes(space, revision);
  for (Change change; changes.next(change);) {
    if (auto go = reading.keep_going(++entries); !go) return go;
    if (change.key != key) continue;
    if (Result<> taken = take(change); !taken) return taken;
  }
  if (changes.problem()) return fail(*changes.problem());
  return {};
}

// What comes newest first is right as far as it goes: where the file is damaged it ends.
Result<> ended_well(const Result<>& done, Soundness& soundness) {
  if (done || done.error().code != "etcd.snapshot_damaged") return done;
  soundness.add(done.error().message + "; what was last changed before that is not listed");
  return {};
}

std::string no_more(const Soundness& soundness) {
  return soundness.problems ? ", and not all: the file is damaged" : "";
}

std::string at_revision(const KeySpace& space, std::int64_t revision) {
  return " at revision " + std::to_string(revision) + " of " + space.name();
}

std::string described(const KeyItem& item) {
  return "revision " + std::to_string(item.mod_revision) + ", created at " +
         std::to_string(item.create_revision) + ", version " + std::to_string(item.version) + ", " +
         size_words(item.size) + (item.lease ? ", lease " + *item.lease : "") +
         (item.object ? ", " + *item.object : "");
}

// Why a key is not there, as far as its history tells.
snapcore::Error not_found(const KeySpace& space, std::string_view key, std::int64_t revision,
                          std::optional<std::int64_t> deleted) {
  return {.code = "etcd.key_not_found",
          .message = "there is no key " + shown(key) + at_revision(space, revision) +
                     (deleted ? "; it was deleted at revision " + std::to_string(*deleted) : ""),
          .hint = deleted ? "'history' shows all that the file holds of this key, 'keys' which "
                            "there are"
                          : "'keys' shows which there are",
          .category = snapcore::Category::kPrecondition};
}

HistoryItem history_item(const Change& change, const KeyValue& kv) {
  HistoryItem item{.revision = change.at.revision.main,
                   .sub = change.at.revision.sub,
                   .change = change.at.tombstone ? "delete" : "put"};
  item.words = std::to_string(item.revision) +
               (item.sub == 0 ? "" : "/" + std::to_string(item.sub)) + "  " + item.change;
  if (change.at.tombstone) return item;
  item.version = kv.version;
  item.create_revision = kv.create_revision;
  item.lease = lease_of(kv);
  item.size = kv.value.size();
  item.words += "  version " + std::to_string(kv.version) + "  " + size_words(item.size) +
                (item.lease ? "  lease " + *item.lease : "");
  return item;
}

}  // namespace

Result<> Reading::keep_going(std::uint64_t entries) const {
  if (entries % 16384 != 0 || !canceled || !canceled()) return {};
  return fail({.code = "etcd.canceled", .message = "stopped as asked"});
}

Result<std::string> wanted_bytes(std::string_view name, const std::string& text,
                                 const std::string& base64) {
  if (base64.empty()) return text;
  const std::string other = std::string(name) + "_base64";
  const auto refuse = [](std::string message) {
    return fail({.code = "arguments.bad_value",
                 .message = std::move(message),
                 .category = snapcore::Category::kPrecondition});
  };
  if (!text.empty()) return refuse("both " + std::string(name) + " and " + other + " are given");
  auto bytes = snapcore::from_base64(base64);
  if (!bytes) return refuse(other + " '" + shown(base64) + "' is no base64 with padding");
  return std::move(*bytes);
}

namespace {

Result<std::string> wanted_prefix(const KeysArgs& args) {
  return wanted_bytes("prefix", args.prefix, args.prefix_base64);
}

Result<std::string> wanted_key(const GetArgs& args) {
  auto key = wanted_bytes("key", args.key, args.key_base64);
  if (!key || !key->empty()) return key;
  return fail({.code = "arguments.bad_value",
               .message = "no key is given, as key or as key_base64; no key of etcd is empty",
               .category = snapcore::Category::kPrecondition});
}

}  // namespace

Result<Counted> list_keys(const KeySpace& space, const KeysArgs& args, const Reading& reading) {
  const auto prefix = wanted_prefix(args);
  if (!prefix) return fail(prefix.error());
  const auto revision = space.choose(args.revision);
  if (!revision) return fail(revision.error());
  Counted counted{.revision = *revision};
  const auto done =
      for_each_live(space, *revision, *prefix, reading, [&](const KeyValue& kv) -> Result<> {
        KeyItem item = item_of(kv);
        item.words = {shown_key(kv.key)};
        ++counted.count;
        return reading.hand_over(std::move(item));
      });
  if (auto ended = ended_well(done, counted.soundness); !ended) return fail(ended.error());
  counted.words = {count_words(counted.count, "key") + at_revision(space, *revision) +
                   no_more(counted.soundness)};
  return counted;
}

Result<Exported> export_keys(const KeySpace& space, const KeysArgs& args, const Reading& reading) {
  const auto prefix = wanted_prefix(args);
  if (!prefix) return fail(prefix.error());
  const auto revision = space.choose(args.revision);
  if (!revision) return fail(revision.error());
  Exported exported{.revision = *revision};
  const auto done =
      for_each_live(space, *revision, *prefix, reading, [&](const KeyValue& kv) -> Result<> {
        ++exported.count;
        return hand_over_whole(reading, item_of(kv), kv.value);
      });
  if (auto ended = ended_well(done, exported.soundness); !ended) return fail(ended.error());
  return exported;
}

Result<Counted> get_key(const KeySpace& space, const GetArgs& args, const Reading& reading) {
  const auto key = wanted_key(args);
  if (!key) return fail(key.error());
  const auto revision = space.choose(args.revision);
  if (!revision) return fail(revision.error());
  std::uint64_t entries = 0;
  NewestFirst changes(space, *revision);
  for (Change change; changes.next(change);) {
    if (auto go = reading.keep_going(++entries); !go) return fail(go.error());
    if (change.key != *key) continue;
    if (change.at.tombstone)
      return fail(not_found(space, *key, *revision, change.at.revision.main));
    const auto kv = space.decode(change);
    if (!kv) return fail(kv.error());
    KeyItem item = item_of(*kv);
    item.words = {shown_key(kv->key) + "  (" + described(item) + ")", shown_value(kv->value)};
    if (auto put = hand_over_whole(reading, std::move(item), kv->value); !put)
      return fail(put.error());
    return Counted{.revision = *revision, .count = 1};
  }
  if (changes.problem()) return fail(*changes.problem());
  return fail(not_found(space, *key, *revision, {}));
}

Result<Counted> history_of(const KeySpace& space, const GetArgs& args, const Reading& reading) {
  const auto key = wanted_key(args);
  if (!key) return fail(key.error());
  const auto revision = space.choose(args.revision);
  if (!revision) return fail(revision.error());
  Counted counted{.revision = *revision};
  const auto done = for_each_change(space, *revision, *key, reading, [&](const Change& change) {
    const auto kv = space.decode(change);
    if (!kv) return Result<>(fail(kv.error()));
    ++counted.count;
    return reading.hand_over(history_item(change, *kv));
  });
  // Of damage that hides all of it there is nothing to say but that.
  if (!done && counted.count == 0) return fail(done.error());
  if (auto ended = ended_well(done, counted.soundness); !ended) return fail(ended.error());
  if (counted.count == 0) return fail(not_found(space, *key, *revision, {}));
  const bool compacted = space.compacted() > 0 && !counted.soundness.problems;
  counted.words = {count_words(counted.count, "change") + " of " + shown(*key) +
                   (compacted ? "; older ones than revision " + std::to_string(space.compacted()) +
                                    " are compacted"
                              : "") +
                   no_more(counted.soundness)};
  return counted;
}

}  // namespace etcd
