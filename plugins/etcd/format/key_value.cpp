#include "format/key_value.hpp"

#include <format/protobuf.hpp>
#include <string>

namespace etcd {
namespace {

using protobuf::FieldReader;
using snapcore::fail;

// Calls `take` for each field, demanding ascending numbers: a second occurrence or a number out of
// order is damage, since etcd's encoder makes neither.
template <class Take>
Result<> for_each_field(std::string_view what, Bytes message, Take take) {
  FieldReader fields(message);
  std::uint32_t before = 0;
  while (fields.next()) {
    if (fields.number() <= before) fields.refuse("fields out of order");
    before = fields.number();
    if (!take(fields)) fields.refuse("an unknown field");
  }
  if (fields.problem().empty()) return {};
  return fail({.code = "etcd.malformed_message",
               .message = std::string(what) + ": " + std::string(fields.problem()),
               .category = snapcore::Category::kCorrupt});
}

}  // namespace

std::string_view to_text(AlarmKind kind) {
  switch (kind) {
    case AlarmKind::kNoSpace: return "NOSPACE";
    case AlarmKind::kCorrupt: return "CORRUPT";
    case AlarmKind::kNone: break;
  }
  return "NONE";
}

Result<KeyValue> decode_key_value(Bytes message) {
  KeyValue decoded;
  const auto done = for_each_field("key-value", message, [&](FieldReader& field) {
    switch (field.number()) {
      case 1: decoded.key = field.text(); return true;
      case 2: decoded.create_revision = field.int64(); return true;
      case 3: decoded.mod_revision = field.int64(); return true;
      case 4: decoded.version = field.int64(); return true;
      case 5: decoded.value = field.text(); return true;
      case 6: decoded.lease = field.int64(); return true;
      default: return false;
    }
  });
  if (!done) return fail(done.error());
  return decoded;
}

Result<Lease> decode_lease(Bytes message) {
  Lease decoded;
  const auto done = for_each_field("lease", message, [&](FieldReader& field) {
    switch (field.number()) {
      case 1: decoded.id = field.int64(); return true;
      case 2: decoded.ttl_seconds = field.int64(); return true;
      case 3: decoded.remaining_ttl_seconds = field.int64(); return true;
      default: return false;
    }
  });
  if (!done) return fail(done.error());
  return decoded;
}

Result<Alarm> decode_alarm(Bytes message) {
  Alarm decoded;
  const auto done = for_each_field("alarm", message, [&](FieldReader& field) {
    switch (field.number()) {
      case 1: decoded.member_id = field.varint(); return true;
      case 2:
        if (field.varint() > 2) return false;
        decoded.kind = static_cast<AlarmKind>(field.varint());
        return true;
      default: return false;
    }
  });
  if (!done) return fail(done.error());
  return decoded;
}

namespace {

bool is_permission(Bytes message) {
  FieldReader fields(message);
  while (fields.next()) {
    if (fields.number() == 1 && fields.varint() > 2) fields.refuse("no kind of permission");
    if (fields.number() == 2 || fields.number() == 3) (void)fields.bytes();
    if (fields.number() > 3) fields.refuse("an unknown field");
  }
  return fields.problem().empty();
}

bool is_user_options(Bytes message) {
  FieldReader fields(message);
  while (fields.next()) {
    if (fields.number() == 1) {
      (void)fields.boolean();
    } else {
      fields.refuse("an unknown field");
    }
  }
  return fields.problem().empty();
}

// `take` takes a field other than the name and answers whether it is right.
template <class Take>
Result<std::string_view> decode_named(std::string_view what, Bytes message, Take take) {
  std::string_view name;
  FieldReader fields(message);
  while (fields.next()) {
    if (fields.number() == 1) {
      name = fields.text();
    } else if (!take(fields)) {
      fields.refuse("a field that is not of an auth entry");
    }
  }
  if (fields.problem().empty()) return name;
  return fail({.code = "etcd.malformed_message",
               .message = std::string(what) + ": " + std::string(fields.problem()),
               .category = snapcore::Category::kCorrupt});
}

}  // namespace

Result<std::string_view> decode_auth_user(Bytes message) {
  return decode_named("auth user", message, [](FieldReader& field) {
    if (field.number() == 4) return is_user_options(field.bytes());
    if (field.number() != 2 && field.number() != 3) return false;
    (void)field.bytes();
    return true;
  });
}

Result<std::string_view> decode_auth_role(Bytes message) {
  return decode_named("auth role", message, [](FieldReader& field) {
    return field.number() == 2 && is_permission(field.bytes());
  });
}

}  // namespace etcd
