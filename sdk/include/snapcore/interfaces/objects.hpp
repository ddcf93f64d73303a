// The interface `snapcore.objects/1`: named objects, kept elsewhere, each with the versions it had.
// What a plugin that stores things for another plugin offers, and what the other one calls.
//
//   sdk::Plugin<Store>("store", "1.0.0")
//       .offers(objects::kInterface)
//       .operation(objects::list(&Store::list)) ...
//
// Errors that a caller can tell apart, by the part behind the plugin's own area ("s3.not_found"):
//   not_found         no such key, or no such version of it
//   deleted           the newest version is a delete marker; older ones may be there
//   changed           conflict: if_match or if_absent does not hold; nothing was written
//   no_versions       a version was asked for, and the store keeps none
//   protected         retention or a lock of the store forbids it
//   no_way_back       content would be replaced that the store keeps no version of
//   denied            credentials are refused, or may not do this
// A write whose answer was lost says may_have_happened, unless the store could be asked since.
#pragma once

#include <map>
#include <snapcore/sdk/operation.hpp>

namespace snapcore::sdk::objects {

inline constexpr std::string_view kInterface = "snapcore.objects/1";

struct Object {
  std::string key = {};
  std::uint64_t size = 0;
  std::optional<Time> modified = {};
  std::optional<std::string> etag = {};
  std::optional<std::string> version_id = {};
  std::optional<std::string> content_type = {};
  std::map<std::string, std::string> metadata = {};
};
inline void fields(Fields& f, Object& o) {
  f("key", o.key);
  f("size", o.size);
  f("modified", o.modified);
  f("etag", o.etag, "the mark of this content, compared as it is");
  f("version_id", o.version_id, "when the store keeps versions; objects_list may leave it out");
  f("content_type", o.content_type, "from objects_stat alone");
  f("metadata", o.metadata, "what its writer put beside it; from objects_stat alone").optional();
}

// read `objects_list` emits one Object each, in the order of keys, in constant memory.
struct ListArgs {
  std::optional<std::string> prefix = {};
};
inline void fields(Fields& f, ListArgs& a) { f("prefix", a.prefix, "keys that start with this"); }

// One entry in the history of a key. A marker stands for the moment in which the key was deleted,
// and has neither size nor etag.
struct Version {
  std::string key = {};
  std::string version_id = {};
  bool newest = false;
  bool marker = false;
  std::optional<std::uint64_t> size = {};
  std::optional<Time> modified = {};
  std::optional<std::string> etag = {};
};
inline void fields(Fields& f, Version& v) {
  f("key", v.key);
  f("version_id", v.version_id, "opaque; what the store had before it kept versions may be 'null'");
  f("newest", v.newest, "what the key stands for now");
  f("marker", v.marker, "the key was deleted here");
  f("size", v.size);
  f("modified", v.modified);
  f("etag", v.etag);
}

// read `objects_versions` emits one Version each: keys in order, of each key the newest first. The
// order is that of the store and never made from times, which are too coarse for it.
struct VersionsArgs {
  std::optional<std::string> key = {};
  std::optional<std::string> prefix = {};
};
inline void fields(Fields& f, VersionsArgs& a) {
  f("key", a.key, "this key alone");
  f("prefix", a.prefix, "keys that start with this");
}

// read `objects_stat` answers an Object.
struct StatArgs {
  std::string key = {};
  std::optional<std::string> version_id = {};
};
inline void fields(Fields& f, StatArgs& a) {
  f("key", a.key).not_empty();
  f("version_id", a.version_id, "the newest when left out");
}

// read `objects_get` writes port 0: bytes of one version, even when another is written meanwhile.
struct GetArgs {
  std::string key = {};
  std::optional<std::string> version_id = {};
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length = {};
  std::optional<std::string> if_match = {};
};
inline void fields(Fields& f, GetArgs& a) {
  f("key", a.key).not_empty();
  f("version_id", a.version_id, "the newest when left out");
  f("offset", a.offset, "the first byte").optional();
  f("length", a.length, "how many bytes; all when left out");
  f("if_match", a.if_match, "only when the content has this etag");
}

// change `objects_put` reads port 0 and answers an Object, visible only when complete. Its undo
// takes exactly the version away that it wrote.
struct PutArgs {
  std::string key = {};
  std::optional<std::string> content_type = {};
  std::map<std::string, std::string> metadata = {};
  std::optional<std::string> if_match = {};
  bool if_absent = false;
};
inline void fields(Fields& f, PutArgs& a) {
  f("key", a.key).not_empty();
  f("content_type", a.content_type, "application/octet-stream when left out");
  f("metadata", a.metadata, "names in lower case, values in ASCII").optional();
  f("if_match", a.if_match, "only in the place of content with this etag");
  f("if_absent", a.if_absent, "only when there is none yet").optional();
}

// change `objects_copy` makes an older version the newest again, also over a delete marker, and
// answers the new Object. Nothing is deleted, so its undo takes the new version away.
struct CopyArgs {
  std::string key = {};
  std::string version_id = {};
  std::optional<std::string> if_match = {};
};
inline void fields(Fields& f, CopyArgs& a) {
  f("key", a.key).not_empty();
  f("version_id", a.version_id, "which is to be the newest again").not_empty();
  f("if_match", a.if_match, "only when that version has this etag");
}

// destroy `objects_remove`: one version for good; without version_id the key, of which a store that
// keeps versions still has what it was.
struct RemoveArgs {
  std::string key = {};
  std::optional<std::string> version_id = {};
};
inline void fields(Fields& f, RemoveArgs& a) {
  f("key", a.key).not_empty();
  f("version_id", a.version_id, "this version alone");
}

enum class Versioning { kUnknown, kOff, kSuspended, kOn };
constexpr auto enum_names(Versioning) {
  return names<Versioning>({{Versioning::kUnknown, "unknown"},
                            {Versioning::kOff, "off"},
                            {Versioning::kSuspended, "suspended"},
                            {Versioning::kOn, "on"}});
}

enum class Honoured { kUnknown, kYes, kNo };
constexpr auto enum_names(Honoured) {
  return names<Honoured>(
      {{Honoured::kUnknown, "unknown"}, {Honoured::kYes, "yes"}, {Honoured::kNo, "no"}});
}

// What this store is known to do. That a write was answered with success says nothing about whether
// its condition was looked at: only a test does.
struct Traits {
  std::string store = {};
  std::optional<std::string> bucket = {};
  std::optional<std::string> prefix = {};
  Versioning versioning = Versioning::kUnknown;
  Honoured if_absent = Honoured::kUnknown;
  Honoured if_match = Honoured::kUnknown;
  Honoured checksums = Honoured::kUnknown;
  std::optional<Time> tested = {};
  std::vector<std::string> words = {};
};
inline void fields(Fields& f, Traits& t) {
  f("store", t.store, "which one, for people");
  f("bucket", t.bucket, "what everybody who uses it calls the bucket");
  f("prefix", t.prefix, "what is put before each key in that bucket; nothing when left out");
  f("versioning", t.versioning);
  f("if_absent", t.if_absent, "a second writer is refused");
  f("if_match", t.if_match, "a writer who read something else is refused");
  f("checksums", t.checksums, "bytes that do not fit their checksum are refused");
  f("tested", t.tested, "when; never when left out");
  f("words", t.words).optional();
}

// Port 0 of objects_get is written, port 0 of objects_put is read.
inline constexpr std::uint32_t kContent = 0;

// The operations, each with the name, effect and ports that the interface asks for. An act still
// says how it is repeated and undone.

template <class F>
auto list(F execute) {
  auto made = read("objects_list", execute);
  made.summary("lists objects").template emits<Object>();
  return made;
}

template <class F>
auto versions(F execute) {
  auto made = read("objects_versions", execute);
  made.summary("lists versions and delete markers, the newest of each key first")
      .template emits<Version>();
  return made;
}

// Result<Object> stat(Call&, const StatArgs&)
template <class F>
auto stat(F execute) {
  auto made = read("objects_stat", execute);
  made.summary("looks at one object, or a version of it");
  return made;
}

template <class F>
auto get(F execute) {
  auto made = read("objects_get", execute);
  made.summary("reads the bytes of one version").port_out("content").concurrent();
  return made;
}

// Result<Object> put(Call&, const PutArgs&)
template <class P, class F>
auto put(P plan, F execute) {
  auto made = change("objects_put", plan, execute);
  made.summary("writes an object").port_in("content");
  return made;
}

// Result<Object> copy(Call&, const CopyArgs&)
template <class P, class F>
auto copy(P plan, F execute) {
  auto made = change("objects_copy", plan, execute);
  made.summary("makes an older version the newest again");
  return made;
}

template <class P, class F>
auto remove(P plan, F execute) {
  auto made = destroy("objects_remove", plan, execute);
  made.summary("removes an object, or one version for good").undo_none("a removed version is gone");
  return made;
}

// Result<Traits> traits(Call&, const Nothing&)
template <class F>
auto traits(F execute) {
  auto made = read("objects_traits", execute);
  made.summary("tells what this store is known to honour, and since when");
  return made;
}

}  // namespace snapcore::sdk::objects
