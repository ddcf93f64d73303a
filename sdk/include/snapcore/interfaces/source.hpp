// The verbs of a source: it holds artifacts. Each builder makes the operation with the name, the
// effect and the ports that the role asks for; an act still says how it is repeated and undone.
#pragma once

#include <snapcore/sdk/operation.hpp>

namespace snapcore::sdk::source {

struct ListArgs {
  std::optional<std::string> prefix = {};
};
inline void fields(Fields& f, ListArgs& a) {
  f("prefix", a.prefix, "only artifacts whose name starts with this");
}

struct StatArgs {
  std::string ref = {};
};
inline void fields(Fields& f, StatArgs& a) { f("ref", a.ref, "the artifact").not_empty(); }

struct OpenArgs {
  std::string ref = {};
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length = {};
  std::optional<std::string> version_id = {};
};
inline void fields(Fields& f, OpenArgs& a) {
  f("ref", a.ref, "the artifact").not_empty();
  f("offset", a.offset, "the first byte").optional();
  f("length", a.length, "how many bytes; all when left out");
  f("version_id", a.version_id, "a version that stat named");
}

struct StoreArgs {
  std::string name = {};
  Value manifest = {};  // to be kept beside the bytes; null when there is none
};
inline void fields(Fields& f, StoreArgs& a) {
  f("name", a.name, "under which the artifact is found again").not_empty();
  f("manifest", a.manifest, "what is to stand beside the bytes").optional();
}

struct RemoveArgs {
  std::string ref = {};
};
inline void fields(Fields& f, RemoveArgs& a) { f("ref", a.ref, "the artifact").not_empty(); }

// Port 0 of open is written, port 0 of store is read.
inline constexpr std::uint32_t kContent = 0;

// Result<> list(Call&, const ListArgs&): one call.emit(Artifact) each, constant memory.
template <class F>
auto list(F execute) {
  auto made = read("list", execute);
  made.summary("lists artifacts").template emits<Artifact>();
  return made;
}

// Result<Artifact> stat(Call&, const StatArgs&)
template <class F>
auto stat(F execute) {
  auto made = read("stat", execute);
  made.summary("looks at one artifact");
  return made;
}

// Result<> open(Call&, const OpenArgs&): runs beside other calls of the instance, itself included.
template <class F>
auto open(F execute) {
  auto made = read("open", execute);
  made.summary("reads the bytes of an artifact").port_out("content").concurrent();
  return made;
}

// Result<Artifact> store(Call&, const StoreArgs&): visible only when complete.
template <class P, class F>
auto store(P plan, F execute) {
  auto made = change("store", plan, execute);
  made.summary("stores bytes as a new artifact").port_in("content");
  return made;
}

// Result<> remove(Call&, const RemoveArgs&)
template <class P, class F>
auto remove(P plan, F execute) {
  auto made = destroy("remove", plan, execute);
  made.summary("removes an artifact for good").undo_none("a removed artifact is gone");
  return made;
}

}  // namespace snapcore::sdk::source
