// What is done before the lock is taken. Nothing is written: an object appears whole or not at all,
// so there is no need of a copy beside it.
#include <snapcore/support/digest.hpp>
#include <snapcore/utf8.hpp>

#include "description.hpp"
#include "edited_bytes.hpp"
#include "object_backend.hpp"
#include "object_state.hpp"
#include "replacement.hpp"

namespace tfstate {
namespace {

using objects::Honoured;
using snapcore::Category;
using snapcore::fail;

constexpr std::size_t kPiece = 256 * 1024;

const char* word(Honoured honoured) {
  switch (honoured) {
    case Honoured::kYes: return "yes";
    case Honoured::kNo: return "no";
    default: return "not known";
  }
}

// What keeps others out has to be known to do so.
void add_concerns(const ObjectPlace& place, const objects::Traits& traits, sdk::Planned& planned) {
  if (place.table) return;
  if (traits.if_absent == Honoured::kYes && traits.if_match == Honoured::kYes) return;
  const std::string ask = ": snapcore call " + place.store.name + ".test_store";
  planned.concern(
      sdk::Guard::kLock,
      traits.tested
          ? "the store '" + place.store.name +
                "' does not keep a second writer out (refuses one that finds something: " +
                word(traits.if_absent) + "; one that read something else: " +
                word(traits.if_match) + "), so a tool may write at the same time"
          : "nobody has tested whether the store '" + place.store.name +
                "' keeps a second writer out" + ask);
}

snapcore::Error keeps_no_version(const ObjectPlace& place) {
  return {.code = "tfstate.no_versions",
          .message = "there is a state at " + place.shown() +
                     ", and its bucket keeps no versions: it would be lost",
          .hint = "turn versioning on for the bucket",
          .category = Category::kPrecondition};
}

snapcore::Error is_live(const ObjectPlace& place) {
  return {.code = "tfstate.already_live",
          .message = "this version of " + place.shown() + " is the one that counts now",
          .hint = "choose an older one: --set before=TIME, or --set ref=VERSION",
          .category = Category::kPrecondition};
}

bool is_version_of_it(const sdk::Call& call, const sdk::Artifact& artifact,
                      const std::optional<std::string>& version_id) {
  return artifact.given.at("source").text() == call.facts().instance && version_id &&
         artifact.ref == *version_id;
}

Result<State> examine(sdk::Call& call, const sdk::Artifact& artifact) {
  auto port = call.open_input(artifact);
  if (!port) return fail(port.error());
  JsonReader reader([&](std::span<std::byte> into) -> Result<std::size_t> {
    if (auto going = call.keep_going(); !going) return fail(going.error());
    return port->read(into);
  });
  auto state = read_state(reader, name_of(artifact));
  if (!state) return fail(state.error());
  if (auto described = describe(*state, name_of(artifact)); !described)
    return fail(described.error());
  return state;
}

Result<std::string> digest_with(sdk::Call& call, const sdk::Artifact& artifact,
                                const std::optional<StagedEdit>& edit) {
  auto port = call.open_input(artifact);
  if (!port) return fail(port.error());
  EditedBytes bytes([&](std::span<std::byte> into) { return port->read(into); }, edit);
  snapcore::Sha256 hash;
  std::vector<std::byte> piece(kPiece);
  for (;;) {
    if (auto going = call.keep_going(); !going) return fail(going.error());
    const auto got = bytes.read(piece);
    if (!got) return fail(got.error());
    if (*got == 0) return snapcore::to_hex(hash.finish());
    hash.update(std::span(piece).first(*got));
  }
}

}  // namespace

Result<sdk::Planned> ObjectBackend::plan_stage(sdk::Call& call, const StageArgs& args) const {
  const auto place = connect(call);
  if (!place) return fail(place.error());
  ObjectStore store(call, *place);
  const auto traits = store.traits();
  if (!traits) return fail(traits.error());
  const auto live = store.look(place->key);
  if (!live) return fail(live.error());
  if (*live && traits->versioning != objects::Versioning::kOn)
    return fail(keeps_no_version(*place));
  const bool unknown = call.unknown("from");
  if (!unknown && *live && is_version_of_it(call, args.from, (*live)->version_id))
    return fail(is_live(*place));
  sdk::Planned planned("read " + (unknown ? "the state" : snapcore::shown(name_of(args.from))) +
                       " whole, and make it fit to take the place of " + place->shown());
  planned.effect(
      "with a serial above that of both, so that every tool takes it for newer; an encrypted one "
      "as it is");
  planned.shell("# nothing is staged: an object appears whole or not at all");
  add_concerns(*place, *traits, planned);
  return planned.bytes(unknown ? 0 : args.from.size)
      .resource(place->resource())
      .undo("nothing: nothing is written yet");
}

Result<StageResult> ObjectBackend::stage(sdk::Call& call, const StageArgs& args) const {
  const auto place = connect(call);
  if (!place) return fail(place.error());
  const std::string name = name_of(args.from);
  const auto chosen = examine(call, args.from);
  if (!chosen) return fail(chosen.error());
  ObjectStore store(call, *place);
  const auto live = read_live_object(store, *place);
  if (!live) return fail(live.error());
  if (auto same = is_as_planned(args.replaces, *live, place->shown()); !same)
    return fail(same.error());
  if (is_version_of_it(call, args.from, live->version_id)) return fail(is_live(*place));
  const State& before = live->deleted ? *live->deleted : live->state;
  const std::string here = place->shown();
  if (auto fits = may_replace({.name = name,
                               .chosen = *chosen,
                               .here = here,
                               .live = before,
                               .other_lineage = args.is_waived("identity")});
      !fits)
    return fail(fits.error());
  const auto made = new_serial(*chosen, before.serial);
  if (!made) return fail(made.error());

  StageResult result{.handle = {.lineage = chosen->lineage,
                                .serial = made->serial,
                                .base = {.sha256 = live->sha256,
                                         .size = live->size,
                                         .serial = before.serial,
                                         .etag = live->etag,
                                         .version_id = live->version_id}},
                     .words = {made->words}};
  Staged& handle = result.handle;
  if (made->edit) handle.edit = {made->edit->offset, made->edit->removed, made->edit->text};
  auto sha256 = digest_with(call, args.from, handle.edit);
  if (!sha256) return fail(sha256.error());
  handle.sha256 = std::move(*sha256);
  result.expected = {.sha256 = handle.sha256, .lineage = handle.lineage, .serial = handle.serial};
  return result;
}

Result<std::vector<std::string>> ObjectBackend::check(sdk::Call& call, const Staged& staged) const {
  const auto place = connect(call);
  if (!place) return fail(place.error());
  ObjectStore store(call, *place);
  const auto found = store.look(place->key);
  if (!found) return fail(found.error());
  const bool same =
      *found ? (*found)->etag == staged.base.etag && (*found)->version_id == staged.base.version_id
             : !staged.base.etag;
  if (same) return std::vector<std::string>{place->shown() + " is what it was"};
  const auto now = read_live_object(store, *place);
  if (!now) return fail(now.error());
  return fail(written_since(place->shown(), replaced_by(staged.base, now->state.lineage),
                            replaced_by(*now)));
}

}  // namespace tfstate
