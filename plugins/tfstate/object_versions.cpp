// The versions of a state as a source has them: the newest first, each an artifact whose name says
// what it holds.
#include <algorithm>
#include <snapcore/utf8.hpp>

#include "description.hpp"
#include "object_backend.hpp"
#include "object_state.hpp"

namespace tfstate {
namespace {

using snapcore::Category;
using snapcore::fail;
using snapcore::Value;

constexpr std::string_view kDeletionKind = "tfstate-deletion";
// So many of the newest are looked into for a list, and none that is larger.
constexpr int kLookedInto = 32;
constexpr std::uint64_t kLargestLookedInto = std::uint64_t{4} << 20;
// Up to here reading it costs nothing worth mentioning.
constexpr std::uint64_t kSmall = std::uint64_t{16} << 20;

std::string words_for(const State& state) {
  if (state.form == Form::kState || state.form == Form::kOldState || state.form == Form::kEncrypted)
    return summary_of(state);
  return state.form == Form::kNothing ? "no state" : "not a state";
}

sdk::Artifact artifact_of(const objects::Version& version) {
  sdk::Artifact artifact{.ref = version.version_id,
                         .name = version.version_id,
                         .size = version.size.value_or(0),
                         .kind = std::string(kStateKind),
                         .created = version.modified,
                         .version_id = version.version_id,
                         .etag = version.etag};
  if (!version.marker) return artifact;
  artifact.kind = std::string(kDeletionKind);
  artifact.name = "the state was deleted here";
  return artifact;
}

// What a person picks it by.
void look_into(ObjectStore& store, const ObjectPlace& place, const objects::Version& version,
               sdk::Artifact& artifact) {
  const objects::Object object{.key = version.key, .version_id = version.version_id};
  const auto read = read_object(store, place.key, object, place.shown());
  if (!read) {
    if (read.error().category == Category::kCorrupt) artifact.name = "broken";
    return;
  }
  artifact.name = words_for(read->state);
  if (!read->state.lineage.empty())
    artifact.name += ", lineage " + snapcore::shown(read->state.lineage.substr(0, 8));
  if (version.newest) artifact.name += " (live)";
}

Value manifest_of(const objects::Object& object, const LiveState& read) {
  Value manifest =
      Value::object({{"format", "snapcore-manifest"},
                     {"version", 1},
                     {"kind", kStateKind},
                     {"stored", Value::object({{"size", read.size}, {"sha256", read.sha256}})},
                     {"serial", read.state.serial}});
  if (object.modified) manifest["created"] = object.modified->text();
  if (const Value identity = identity_of(read.state); !identity.is_null())
    manifest["identity"] = identity;
  return manifest;
}

}  // namespace

Result<> ObjectBackend::list(sdk::Call& call, const source::ListArgs& args) const {
  const auto place = connect(call);
  if (!place) return fail(place.error());
  ObjectStore store(call, *place);
  const auto versions = store.versions(place->key);
  if (!versions) return fail(versions.error());
  int looked_into = 0;
  for (const objects::Version& version : *versions) {
    if (auto going = call.keep_going(); !going) return going;
    if (args.prefix && !version.version_id.starts_with(*args.prefix)) continue;
    sdk::Artifact artifact = artifact_of(version);
    if (!version.marker && looked_into < kLookedInto && artifact.size <= kLargestLookedInto) {
      look_into(store, *place, version, artifact);
      ++looked_into;
    }
    if (auto told = call.emit(artifact); !told) return told;
  }
  return {};
}

Result<sdk::Artifact> ObjectBackend::stat(sdk::Call& call, const source::StatArgs& args) const {
  const auto place = connect(call);
  if (!place) return fail(place.error());
  ObjectStore store(call, *place);
  auto object = store.look(place->key, args.ref);
  if (!object) return fail(object.error());
  if (!*object) {
    return fail({.code = "tfstate.no_such_version",
                 .message = place->shown() + " has no version " + snapcore::shown(args.ref) +
                            " with a state in it",
                 .category = Category::kPrecondition});
  }
  (*object)->version_id = args.ref;
  sdk::Artifact artifact{.ref = args.ref,
                         .name = args.ref,
                         .size = (*object)->size,
                         .kind = std::string(kStateKind),
                         .created = (*object)->modified,
                         .version_id = args.ref,
                         .etag = (*object)->etag,
                         .local = (*object)->size <= kSmall};
  const auto read = read_object(store, place->key, **object, place->shown());
  // What is wrong with it, examine says.
  if (!read && read.error().category != Category::kCorrupt) return fail(read.error());
  if (!read) return artifact;
  artifact.name = words_for(read->state);
  artifact.sha256 = read->sha256;
  artifact.manifest = manifest_of(**object, *read);
  return artifact;
}

Result<> ObjectBackend::open(sdk::Call& call, const source::OpenArgs& args) const {
  const auto place = connect(call);
  if (!place) return fail(place.error());
  ObjectStore store(call, *place);
  auto bytes = store.open({.key = place->key,
                           .version_id = args.version_id.value_or(args.ref),
                           .offset = args.offset,
                           .length = args.length});
  if (!bytes) return fail(bytes.error());
  std::vector<std::byte> piece(256 * 1024);
  for (;;) {
    const auto got = bytes->read(piece);
    if (!got) return fail(got.error());
    if (*got == 0) return {};
    if (auto put = call.port(source::kContent).write(std::span(piece).first(*got)); !put)
      return put;
  }
}

}  // namespace tfstate
