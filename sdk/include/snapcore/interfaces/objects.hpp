// The interface `snapcore.objects/1`: named objects, kept elsewhere. What a plugin that stores
// things for another plugin offers, and what the other one calls.
#pragma once

#include <snapcore/sdk/types.hpp>

namespace snapcore::sdk::objects {

inline constexpr std::string_view kInterface = "snapcore.objects/1";

struct Object {
  std::string key = {};
  std::uint64_t size = 0;
  std::optional<Time> modified = {};
  std::optional<std::string> etag = {};
  std::optional<std::string> version_id = {};
};
inline void fields(Fields& f, Object& o) {
  f("key", o.key);
  f("size", o.size);
  f("modified", o.modified);
  f("etag", o.etag, "the mark of this content");
  f("version_id", o.version_id);
}

// read `objects_list` emits one Object each, in the order of keys.
struct ListArgs {
  std::optional<std::string> prefix = {};
};
inline void fields(Fields& f, ListArgs& a) { f("prefix", a.prefix, "keys that start with this"); }

// read `objects_stat` answers an Object.
struct StatArgs {
  std::string key = {};
};
inline void fields(Fields& f, StatArgs& a) { f("key", a.key).not_empty(); }

// read `objects_get` writes port 0; with if_match it fails as a conflict when the content is
// another.
struct GetArgs {
  std::string key = {};
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length = {};
  std::optional<std::string> if_match = {};
};
inline void fields(Fields& f, GetArgs& a) {
  f("key", a.key).not_empty();
  f("offset", a.offset, "the first byte").optional();
  f("length", a.length, "how many bytes; all when left out");
  f("if_match", a.if_match, "only when the content has this etag");
}

// change `objects_put` reads port 0 and answers an Object, visible only when complete.
struct PutArgs {
  std::string key = {};
  std::optional<std::string> if_match = {};
  bool if_absent = false;
};
inline void fields(Fields& f, PutArgs& a) {
  f("key", a.key).not_empty();
  f("if_match", a.if_match, "only in the place of content with this etag");
  f("if_absent", a.if_absent, "only when there is none yet").optional();
}

// destroy `objects_remove`
struct RemoveArgs {
  std::string key = {};
  std::optional<std::string> if_match = {};
};
inline void fields(Fields& f, RemoveArgs& a) {
  f("key", a.key).not_empty();
  f("if_match", a.if_match, "only when the content has this etag");
}

}  // namespace snapcore::sdk::objects
