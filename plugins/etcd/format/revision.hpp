// The keys of bucket `key`: when a change happened.
#pragma once

#include <compare>
#include <cstdint>
#include <format/bytes.hpp>
#include <optional>
#include <string>

namespace etcd {

struct Revision {
  std::int64_t main = 0;
  std::int64_t sub = 0;
  // clang-tidy 14 takes the zero within for a pointer.
  friend auto operator<=>(const Revision&,
                          const Revision&) = default;  // NOLINT(modernize-use-nullptr)
};

struct RevisionKey {
  Revision revision;
  bool tombstone = false;  // the change deleted the key
};

// main and sub, 8 bytes big endian each, with '_' between and, for a tombstone, 't' behind.
// Nothing when the bytes are not such a key or name a revision no etcd makes (main < 1, sub < 0).
inline std::optional<RevisionKey> decode_revision(Bytes key) {
  if (key.size() != 17 && key.size() != 18) return std::nullopt;
  if (key[8] != std::byte{'_'}) return std::nullopt;
  if (key.size() == 18 && key[17] != std::byte{'t'}) return std::nullopt;
  const Revision revision{static_cast<std::int64_t>(load_be<std::uint64_t>(key.data())),
                          static_cast<std::int64_t>(load_be<std::uint64_t>(key.data() + 9))};
  if (revision.main < 1 || revision.sub < 0) return std::nullopt;
  return RevisionKey{revision, key.size() == 18};
}

inline std::string encode_revision(const Revision& revision) {
  std::string key;
  append_be(key, static_cast<std::uint64_t>(revision.main));
  key += '_';
  append_be(key, static_cast<std::uint64_t>(revision.sub));
  return key;
}

}  // namespace etcd
