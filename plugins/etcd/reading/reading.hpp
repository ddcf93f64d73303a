// What can be asked of a snapshot file without any server: its arguments and answers.
//
// Each of these goes through the file once or twice and hands over what it finds at once; none
// keeps more than a fixed number of bytes for each key. Files are snapshots, or copies of a
// member's member/snap/db.
#pragma once

#include <cstdint>
#include <format/key_space.hpp>
#include <functional>
#include <optional>
#include <snapcore/sdk/fields.hpp>
#include <snapcore/sdk/types.hpp>
#include <string>
#include <utility>
#include <vector>

#include "reading/soundness.hpp"

namespace etcd {

using snapcore::Result;

// What keys, get and export find.
struct KeyItem {
  std::optional<std::string> key = {};
  std::optional<std::string> key_base64 = {};
  std::optional<std::string> value = {};
  std::optional<std::string> value_base64 = {};
  std::optional<std::uint64_t> part = {};  // of a value too large for one item, from 1 on
  std::optional<std::uint64_t> parts = {};
  std::int64_t create_revision = 0;
  std::int64_t mod_revision = 0;
  std::int64_t version = 0;
  std::optional<std::string> lease = {};
  std::uint64_t size = 0;
  std::optional<std::string> object = {};
  std::optional<std::vector<std::string>> words = {};
};
void fields(snapcore::sdk::Fields& f, KeyItem& item);

// How long readings look out for the operator, and where their findings go.
struct Reading {
  std::function<bool()> canceled = {};
  std::function<Result<>(snapcore::Value item)> emit = {};
  // Takes keys as they are, when somebody else is to make values of them.
  std::function<Result<>(KeyItem item)> emit_key = {};

  template <class T>
  Result<> hand_over(const T& item) const {
    return emit(snapcore::sdk::to_value(item));
  }
  Result<> hand_over(snapcore::Value item) const { return emit(std::move(item)); }
  Result<> hand_over(KeyItem item) const {
    return emit_key ? emit_key(std::move(item)) : emit(snapcore::sdk::to_value(item));
  }
  // "etcd.canceled" now and then, when asked to stop; `entries` is how many were looked at.
  Result<> keep_going(std::uint64_t entries) const;
};

// Any bytes make a key, and arguments are text: one of the two says it. "arguments.bad_value" when
// both do, or `base64` is none; `name` is what messages call the first.
Result<std::string> wanted_bytes(std::string_view name, const std::string& text,
                                 const std::string& base64);

// --- keys, get, history, export

struct KeysArgs {
  snapcore::sdk::Artifact artifact = {};
  std::string prefix = {};
  std::string prefix_base64 = {};
  std::optional<std::int64_t> revision = {};
};
void fields(snapcore::sdk::Fields& f, KeysArgs& args);

struct GetArgs {
  snapcore::sdk::Artifact artifact = {};
  std::string key = {};
  std::string key_base64 = {};
  std::optional<std::int64_t> revision = {};
};
void fields(snapcore::sdk::Fields& f, GetArgs& args);

struct HistoryItem {
  std::int64_t revision = 0;
  std::int64_t sub = 0;
  std::string change = {};
  std::optional<std::int64_t> version = {};
  std::optional<std::int64_t> create_revision = {};
  std::optional<std::string> lease = {};
  std::uint64_t size = 0;
  std::string words = {};
};
void fields(snapcore::sdk::Fields& f, HistoryItem& item);

struct Counted {
  std::int64_t revision = 0;
  std::uint64_t count = 0;
  Soundness soundness = {};
  std::vector<std::string> words = {};
};
void fields(snapcore::sdk::Fields& f, Counted& counted);

struct Exported {
  std::int64_t revision = 0;
  std::uint64_t count = 0;
  Soundness soundness = {};
};
void fields(snapcore::sdk::Fields& f, Exported& exported);

// Live keys at the revision, the latest changed first.
Result<Counted> list_keys(const KeySpace& space, const KeysArgs& args, const Reading& reading);
// The same with values, for programs.
Result<Exported> export_keys(const KeySpace& space, const KeysArgs& args, const Reading& reading);
// "etcd.key_not_found" says what the file knows of the key.
Result<Counted> get_key(const KeySpace& space, const GetArgs& args, const Reading& reading);
// Every change of the key that was not compacted, the latest first, up to the revision.
Result<Counted> history_of(const KeySpace& space, const GetArgs& args, const Reading& reading);

// --- hashkv

struct HashArgs {
  snapcore::sdk::Artifact artifact = {};
  std::optional<std::int64_t> revision = {};
};
void fields(snapcore::sdk::Fields& f, HashArgs& args);

struct Hashed {
  std::uint32_t hash = 0;
  std::int64_t revision = 0;
  std::int64_t compact_revision = 0;
  Soundness soundness = {};
  std::vector<std::string> words = {};
};
void fields(snapcore::sdk::Fields& f, Hashed& hashed);

Result<Hashed> hash_of(const KeySpace& space, const HashArgs& args, const Reading& reading);

// --- stats

struct StatsArgs {
  snapcore::sdk::Artifact artifact = {};
  std::uint32_t depth = 2;
  std::uint32_t top = 20;
};
void fields(snapcore::sdk::Fields& f, StatsArgs& args);

// What of the file belongs to one bucket, one prefix or one kind of object.
struct Share {
  std::string by = {};  // bucket, kind, prefix
  std::string name = {};
  std::optional<std::uint64_t> live_keys = {};
  std::optional<std::uint64_t> live_bytes = {};
  std::optional<std::uint64_t> history_entries = {};
  std::optional<std::uint64_t> history_bytes = {};
  std::optional<std::uint64_t> entries = {};
  std::optional<std::uint64_t> pages = {};
  std::string words = {};
};
void fields(snapcore::sdk::Fields& f, Share& share);

struct Stats {
  std::uint64_t database_bytes = 0;
  std::uint64_t free_bytes = 0;
  std::uint64_t live_keys = 0;
  std::uint64_t live_bytes = 0;
  std::uint64_t history_entries = 0;
  std::uint64_t history_bytes = 0;
  Soundness soundness = {};
  std::vector<std::string> words = {};
};
void fields(snapcore::sdk::Fields& f, Stats& stats);

// By live bytes and history, the largest first; `top` of each. Prefixes end behind the `depth`-th
// '/' that follows the first.
Result<Stats> stats_of(const KeySpace& space, const StatsArgs& args, const Reading& reading);

// --- diff

enum class DiffBy { kKey, kPrefix };
constexpr auto enum_names(DiffBy) {
  return snapcore::sdk::names<DiffBy>({{DiffBy::kKey, "key"}, {DiffBy::kPrefix, "prefix"}});
}

struct DiffArgs {
  snapcore::sdk::Artifact a = {};
  snapcore::sdk::Artifact b = {};
  std::string prefix = {};
  std::string prefix_base64 = {};
  DiffBy by = DiffBy::kKey;
  std::uint32_t depth = 2;
  std::optional<std::int64_t> a_revision = {};
  std::optional<std::int64_t> b_revision = {};
};
void fields(snapcore::sdk::Fields& f, DiffArgs& args);

struct Difference {
  std::optional<std::string> change = {};  // added, removed, changed
  std::optional<std::string> key = {};
  std::optional<std::string> key_base64 = {};
  std::optional<std::string> kind = {};
  std::optional<std::string> api_version = {};
  std::optional<std::string> name_space = {};
  std::optional<std::string> name = {};
  std::optional<std::int64_t> mod_revision = {};
  std::optional<std::string> prefix = {};
  std::optional<std::uint64_t> added = {};
  std::optional<std::uint64_t> removed = {};
  std::optional<std::uint64_t> changed = {};
  std::string words = {};
};
void fields(snapcore::sdk::Fields& f, Difference& difference);

struct Diff {
  std::uint64_t added = 0;
  std::uint64_t removed = 0;
  std::uint64_t changed = 0;
  std::uint64_t unchanged = 0;
  std::int64_t a_revision = 0;
  std::int64_t b_revision = 0;
  Soundness soundness = {};
  std::vector<std::string> words = {};
};
void fields(snapcore::sdk::Fields& f, Diff& diff);

// What became of `a` in `b`: added and changed first, as they are found in b, then what is gone.
Result<Diff> compare(const KeySpace& a, const KeySpace& b, const DiffArgs& args,
                     const Reading& reading);

// The part of a key by which it is grouped: up to the depth-th '/' behind the first character.
std::string_view group_of(std::string_view key, std::uint32_t depth);

}  // namespace etcd
