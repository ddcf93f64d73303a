// The protobuf messages inside etcd's buckets. Each decoder takes exactly what etcd's encoder
// makes: known fields only, ascending, each once; everything else is "etcd.malformed_message".
#pragma once

#include <cstdint>
#include <format/bytes.hpp>
#include <snapcore/error.hpp>
#include <string_view>

namespace etcd {

using snapcore::Result;

// Points into the bytes it was decoded from.
struct KeyValue {
  std::string_view key;
  std::int64_t create_revision = 0;
  std::int64_t mod_revision = 0;
  std::int64_t version = 0;
  std::string_view value;
  std::int64_t lease = 0;
};

struct Lease {
  std::int64_t id = 0;
  std::int64_t ttl_seconds = 0;
  std::int64_t remaining_ttl_seconds = 0;
};

enum class AlarmKind : std::uint8_t { kNone = 0, kNoSpace = 1, kCorrupt = 2 };
std::string_view to_text(AlarmKind kind);  // NONE, NOSPACE, CORRUPT

struct Alarm {
  std::uint64_t member_id = 0;
  AlarmKind kind = AlarmKind::kNone;
};

Result<KeyValue> decode_key_value(Bytes message);
Result<Lease> decode_lease(Bytes message);
Result<Alarm> decode_alarm(Bytes message);

// The name of an auth user (with password, roles and options) or role (with permissions). Repeated
// fields may repeat; everything within is looked at.
Result<std::string_view> decode_auth_user(Bytes message);
Result<std::string_view> decode_auth_role(Bytes message);

}  // namespace etcd
