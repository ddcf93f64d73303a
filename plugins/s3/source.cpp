#include "source.hpp"

#include <chrono>
#include <snapcore/support/process.hpp>
#include <span>

#include "artifacts.hpp"
#include "names.hpp"
#include "sending.hpp"

namespace s3 {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Outcome;
using snapcore::Result;
using snapcore::Value;
using namespace snapcore::sdk::source;

namespace {

Error exists(const Store& store, const std::string& key) {
  return {.code = "s3.exists",
          .message = store.shown(key) + " exists already",
          .hint = "choose another name, or remove that artifact first",
          .category = Category::kConflict};
}

Error kept(const Store& store, const std::string& key, const std::string& why) {
  return {.code = "s3.protected",
          .message = "cannot remove " + store.shown(key) + ": " + why,
          .category = Category::kPrecondition};
}

const Value& stored(const Value& manifest) { return manifest.at("stored"); }

// What the manifest, and what stands beside an artifact that is kept, say of the bytes, against
// what they are: they would get a digest of their own here, and count as whole.
Result<> compare(const Value& manifest, const Content& content, std::uint64_t size,
                 const std::string& sha256, const std::string& shown) {
  const Value& expected = stored(manifest);
  const auto differ = [&](std::string_view who, std::string_view what, const std::string& wanted,
                          const std::string& got) {
    return fail({.code = "s3.digest_mismatch",
                 .message = "not stored as " + shown + ": " + std::string(who) + " says " +
                            std::string(what) + " " + wanted + ", the bytes have " + got,
                 .category = Category::kCorrupt});
  };
  if (expected.at("size").is_integer() && expected.at("size").uint_or(0) != size) {
    return differ("the manifest", "size", std::to_string(expected.at("size").uint_or(0)),
                  std::to_string(size));
  }
  if (expected.at("sha256").is_string() && expected.at("sha256").text() != sha256) {
    return differ("the manifest", "SHA-256", expected.at("sha256").text(), sha256);
  }
  if (content.sha256 && *content.sha256 != sha256) {
    return differ("what stands beside it", "SHA-256", *content.sha256, sha256);
  }
  return {};
}

Value completed(Value manifest, std::uint64_t size, const std::string& sha256) {
  const Value bytes = Value::object({{"size", size}, {"sha256", sha256}});
  manifest["stored"] = bytes;
  if (!manifest.has("content") && manifest.at("encoding").items().empty()) {
    manifest["content"] = bytes;
  }
  return manifest;
}

// Companions are there before the artifact is; what stands in their place belongs to none.
Result<> put_companions(Session& session, const NewObject& object, const Value& manifest,
                        const std::string& sha256) {
  const auto put = [&](std::string_view suffix, std::string text, const char* type) -> Result<> {
    NewObject companion{
        .key = object.key + std::string(suffix), .mark = object.mark, .content_type = type};
    auto written = put_whole(session, companion, std::move(text));
    if (!written) return fail(written.error());
    return {};
  };
  if (auto done = put(kDigestSuffix, sha256 + "  " + std::string(last_part(object.key)) + "\n",
                      "text/plain");
      !done) {
    return done;
  }
  if (manifest.is_null()) return {};
  return put(kManifestSuffix, manifest.pretty() + "\n", "application/json");
}

// Of a manifest that nobody gave any more, beside an artifact that is gone.
Result<> remove_stale_manifest(Session& session, const std::string& key) {
  auto found = find(session, key + std::string(kManifestSuffix));
  if (!found) return fail(found.error());
  if (!*found) return {};
  return remove_version(session, key + std::string(kManifestSuffix), {});
}

// What is recorded of the artifact must be what its bytes are.
StoreArgs store_args(const KeepArgs& args) {
  StoreArgs stored_as{.name = args.name, .manifest = args.manifest};
  if (stored_as.manifest.is_null()) stored_as.manifest = args.from.manifest;
  if (!stored_as.manifest.is_object() || stored_as.manifest.has("stored")) return stored_as;
  Value bytes = Value::object({{"size", args.from.size}});
  if (args.from.sha256) bytes["sha256"] = *args.from.sha256;
  stored_as.manifest["stored"] = std::move(bytes);
  return stored_as;
}

}  // namespace

void fields(sdk::Fields& f, KeepArgs& a) {
  f("from", a.from, "the artifact of another source");
  f("name", a.name, "under which it is found again").not_empty();
  f("manifest", a.manifest, "what is to stand beside it; its own when left out").optional();
  f("as_found", a.as_found,
    "put nothing beside it that does not stand beside it where it comes from")
      .optional();
}

Result<std::unique_ptr<Source>> Source::create(sdk::Call&, const Config& config) {
  // What can be said without the network is said at once.
  Surroundings surroundings = Surroundings::real();
  auto settings = settle(config, {}, surroundings);
  if (!settings) return fail(settings.error());
  if (auto address = address_of(*settings, settings->region); !address) {
    return fail(address.error());
  }
  return std::make_unique<Source>(config, std::move(surroundings));
}

Result<std::shared_ptr<Store>> Source::connect(sdk::Call& call) {
  const std::lock_guard lock(mutex_);
  if (!store_) {
    auto opened = Store::open(call, config_, surroundings_);
    if (!opened) return opened;
    store_ = std::move(*opened);
  }
  return store_;
}

std::string Source::resource(const Store& store, std::string_view key) {
  return "s3:" + store.identity() + "/" + std::string(key);
}

Result<> Source::list(sdk::Call& call, const ListArgs& args) {
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  return list_artifacts(session, args.prefix.value_or(""));
}

Result<sdk::Artifact> Source::stat(sdk::Call& call, const StatArgs& args) {
  if (auto checked = check_ref(args.ref); !checked) return fail(checked.error());
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  auto found = look_at(session, (*store)->settings().prefix + args.ref);
  if (!found) return fail(found.error());
  return artifact_of(session, found->object);
}

Result<> Source::open(sdk::Call& call, const OpenArgs& args) {
  if (auto checked = check_ref(args.ref); !checked) return checked;
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  const Range range{.version_id = args.version_id,
                    .offset = args.offset,
                    .length = args.length,
                    .streams = (*store)->settings().streams};
  sdk::Port content = call.port(kContent);
  return read(session, (*store)->settings().prefix + args.ref, range,
              [&](std::string_view piece) { return content.write(piece); });
}

Result<sdk::Planned> Source::plan_store(sdk::Call& call, const StoreArgs& args) {
  auto store = connect(call);
  if (!store) return fail(store.error());
  const std::string& prefix = (*store)->settings().prefix;
  if (call.unknown("name")) {
    sdk::Planned planned("store a new artifact in " + (*store)->shown(prefix));
    return planned.resource(resource(**store, prefix)).undo("remove it again");
  }
  if (auto checked = check_new_name(args.name); !checked) return fail(checked.error());
  Session session(*store, call);
  const std::string key = prefix + args.name;
  auto there = find(session, key);
  if (!there) return fail(there.error());
  if (*there) return fail(exists(**store, key));
  const std::string shown = (*store)->shown(key);
  sdk::Planned planned("store " + shown);
  planned.predict("ref", args.name).predict("name", args.name);
  planned.resource(resource(**store, key)).undo("remove " + shown + " again");
  const Value& size = stored(args.manifest).at("size");
  if (size.is_integer()) planned.predict("size", size).bytes(size.uint_or(0));
  return planned;
}

Result<sdk::Artifact> Source::store(sdk::Call& call, const StoreArgs& args) {
  return store_from(call, {call.port(kContent)}, args);
}

Result<sdk::Artifact> Source::store_from(sdk::Call& call, const Content& content,
                                         const StoreArgs& args, bool with_companions) {
  if (auto checked = check_new_name(args.name); !checked) return fail(checked.error());
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  const std::string key = (*store)->settings().prefix + args.name;
  NewObject object{.key = key, .mark = mark_of(call), .if_absent = true};
  if (const std::string sha256 = stored(args.manifest).at("sha256").text(); !sha256.empty()) {
    object.metadata["snapcore-sha256"] = sha256;
  }
  const Traces traces{
      .key = key,
      .beside = {key + std::string(kDigestSuffix), key + std::string(kManifestSuffix)},
      .mark = object.mark};
  if (call.facts().attempt <= 1) {
    auto there = find(session, key);
    if (!there) return fail(there.error());
    if (*there) return fail(exists(**store, key));
  }
  bool companions_begun = false;
  std::string digest;
  Value manifest;
  auto sent = send_from(
      session, content, object, traces,
      [&](std::uint64_t size, const std::string& sha256) -> Result<> {
        if (auto right = compare(args.manifest, content, size, sha256, (*store)->shown(key));
            !right) {
          return right;
        }
        if (!with_companions) return {};
        companions_begun = true;
        digest = sha256;
        if (args.manifest.is_null()) {
          if (auto removed = remove_stale_manifest(session, key); !removed) return removed;
        } else {
          manifest = completed(args.manifest, size, sha256);
        }
        return put_companions(session, object, manifest, sha256);
      });
  if (sent && !digest.empty()) {
    return artifact_as_written(session, sent->object, manifest, digest);
  }
  // An earlier attempt of this call had come to its end.
  if (sent) return artifact_of(session, sent->object);
  Error error = sent.error();
  if (error.code == "s3.changed" && error.outcome == Outcome::kNothingHappened) {
    error = exists(**store, key);
  }
  if (companions_begun && error.outcome == Outcome::kNothingHappened) {
    session.tidy_up();
    if (auto gone = withdraw(session, traces); !gone) error.outcome = Outcome::kMayHaveHappened;
  }
  return fail(std::move(error));
}

Result<sdk::Undone> Source::undo_store(sdk::Call& call,
                                       const sdk::Compensation<StoreArgs, sdk::Artifact>& what) {
  return take_back_store(call, what.recorded, what.undo);
}

Result<sdk::Undone> Source::take_back_store(sdk::Call& call, bool recorded, const Value& undo) {
  if (!recorded) return sdk::Undone{{"nothing had been stored"}};
  auto traces = sdk::from_value<Traces>(undo);
  if (!traces) return fail(traces.error());
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  auto words = withdraw(session, *traces);
  if (!words) return fail(words.error());
  return sdk::Undone{std::move(*words)};
}

Result<sdk::Planned> Source::plan_keep(sdk::Call& call, const KeepArgs& args) {
  auto planned = plan_store(call, store_args(args));
  if (!planned) return planned;
  if (!call.unknown("from")) {
    planned->effect("read " + args.from.name + " (" + std::to_string(args.from.size) +
                    " bytes) for it");
  }
  return planned;
}

Result<sdk::Artifact> Source::keep(sdk::Call& call, const KeepArgs& args) {
  const auto content = open_content(call, args.from);
  if (!content) return fail(content.error());
  // What has a digest or a manifest has it from what stands beside it.
  const bool beside = args.from.sha256 || args.from.manifest.is_object();
  return store_from(call, *content, store_args(args), !args.as_found || beside);
}

Result<sdk::Undone> Source::undo_keep(sdk::Call& call,
                                      const sdk::Compensation<KeepArgs, sdk::Artifact>& what) {
  return take_back_store(call, what.recorded, what.undo);
}

Result<sdk::Planned> Source::plan_remove(sdk::Call& call, const RemoveArgs& args) {
  auto store = connect(call);
  if (!store) return fail(store.error());
  const std::string& prefix = (*store)->settings().prefix;
  if (call.unknown("ref")) {
    sdk::Planned planned("remove an artifact from " + (*store)->shown(prefix));
    return planned.resource(resource(**store, prefix));
  }
  if (auto checked = check_ref(args.ref); !checked) return fail(checked.error());
  Session session(*store, call);
  const std::string key = prefix + args.ref;
  auto found = look_at(session, key);
  if (!found) return fail(found.error());
  if (!found->lock.empty()) return fail(kept(**store, key, found->lock));
  sdk::Planned planned("remove " + (*store)->shown(key) + " (" +
                       std::to_string(found->object.size) + " bytes) and its companions" +
                       (found->object.version_id
                            ? "; the store keeps versions, as long as it is told to"
                            : " for good"));
  return planned.resource(resource(**store, key));
}

Result<> Source::remove(sdk::Call& call, const RemoveArgs& args) {
  if (auto checked = check_ref(args.ref); !checked) return checked;
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  const std::string key = (*store)->settings().prefix + args.ref;
  auto found = find(session, key);
  if (!found) return fail(found.error());
  if (!*found && call.facts().attempt <= 1) {
    return fail({.code = "s3.not_found",
                 .message = (*store)->shown(key) + " is not there",
                 .category = Category::kPrecondition});
  }
  if (*found && !(*found)->lock.empty()) return fail(kept(**store, key, (*found)->lock));
  bool gone = false;
  for (const std::string_view suffix : {std::string_view(), kDigestSuffix, kManifestSuffix}) {
    const std::string name = key + std::string(suffix);
    // Where nothing is, a store that keeps versions would note that it was deleted once more.
    auto there = find(session, name);
    if (there && !*there) continue;
    auto removed = there ? remove_version(session, name, {}) : fail(there.error());
    if (!removed) {
      Error error = removed.error();
      if (gone) error.outcome = Outcome::kHappened;
      return fail(std::move(error));
    }
    gone = true;
  }
  return {};
}

}  // namespace s3
