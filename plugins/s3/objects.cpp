// The interface snapcore.objects/1. Keys are below the prefix of the instance, as artifacts are.
#include <snapcore/interfaces/objects.hpp>

#include "listing.hpp"
#include "sending.hpp"
#include "source.hpp"
#include "store_test.hpp"

namespace s3 {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Result;

namespace {

// What a caller calls a key, and what the store does.
std::string inside(const Store& store, const std::string& key) {
  return store.settings().prefix + key;
}
objects::Object outside(const Store& store, objects::Object object) {
  object.key.erase(0, store.settings().prefix.size());
  return object;
}

Error no_way_back(const std::string& shown) {
  return {.code = "s3.no_way_back",
          .message = "cannot write " + shown +
                     ": there is content already, and the bucket keeps no versions of it",
          .hint = "turn versioning on for the bucket",
          .category = Category::kPrecondition};
}

Error locked(const std::string& shown, const std::string& why) {
  return {.code = "s3.protected",
          .message = "cannot remove " + shown + ": " + why,
          .category = Category::kPrecondition};
}

// What is locked is a version: a delete marker in front of it is no harm.
bool is_protected(const objects::RemoveArgs& args, const Found& found) {
  return args.version_id && !found.lock.empty();
}

// What is replaced has to be there afterwards.
Result<> check_replaced(Session& session, const std::string& key,
                        const std::optional<Found>& found) {
  if (!found) return {};
  auto versioning = versioning_of(session);
  if (!versioning) return fail(versioning.error());
  if (*versioning != objects::Versioning::kOn) {
    return fail(no_way_back(session.store().shown(key)));
  }
  return {};
}

Result<std::vector<std::string>> take_back(Session& session, const snapcore::Value& recorded) {
  auto traces = sdk::from_value<Traces>(recorded);
  if (!traces) return fail(traces.error());
  return withdraw(session, *traces);
}

}  // namespace

Result<> Source::objects_list(sdk::Call& call, const objects::ListArgs& args) {
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  return list_objects(session, inside(**store, args.prefix.value_or("")),
                      [&](objects::Object& object) -> Result<bool> {
                        if (auto going = call.keep_going(); !going) return fail(going.error());
                        auto told = call.emit(outside(**store, std::move(object)));
                        if (!told) return fail(told.error());
                        return true;
                      });
}

Result<> Source::objects_versions(sdk::Call& call, const objects::VersionsArgs& args) {
  if (args.key && args.prefix) {
    return fail({.code = "s3.bad_arguments",
                 .message = "key and prefix exclude each other",
                 .category = Category::kPrecondition});
  }
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  const auto visit = [&](objects::Version& version) -> Result<bool> {
    if (auto going = call.keep_going(); !going) return fail(going.error());
    version.key.erase(0, (*store)->settings().prefix.size());
    auto told = call.emit(version);
    if (!told) return fail(told.error());
    return true;
  };
  if (args.key) return list_versions_of(session, inside(**store, *args.key), visit);
  return list_versions(session, inside(**store, args.prefix.value_or("")), visit);
}

Result<objects::Object> Source::objects_stat(sdk::Call& call, const objects::StatArgs& args) {
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  auto found = look_at(session, inside(**store, args.key), args.version_id);
  if (!found) return fail(found.error());
  return outside(**store, std::move(found->object));
}

Result<> Source::objects_get(sdk::Call& call, const objects::GetArgs& args) {
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  const Range range{.version_id = args.version_id,
                    .if_match = args.if_match,
                    .offset = args.offset,
                    .length = args.length};
  sdk::Port content = call.port(objects::kContent);
  return read(session, inside(**store, args.key), range,
              [&](std::string_view piece) { return content.write(piece); });
}

Result<sdk::Planned> Source::plan_objects_put(sdk::Call& call, const objects::PutArgs& args) {
  auto store = connect(call);
  if (!store) return fail(store.error());
  if (call.unknown("key")) {
    sdk::Planned planned("write an object in " + (*store)->shown((*store)->settings().prefix));
    return planned.resource(resource(**store, (*store)->settings().prefix))
        .undo("remove what was written");
  }
  Session session(*store, call);
  const std::string key = inside(**store, args.key);
  const std::string shown = (*store)->shown(key);
  auto found = find(session, key);
  if (!found) return fail(found.error());
  if (args.if_absent && *found) {
    return fail({.code = "s3.changed",
                 .message = shown + " exists already",
                 .category = Category::kConflict});
  }
  if (auto kept = check_replaced(session, key, *found); !kept) return fail(kept.error());
  sdk::Planned planned((*found ? "write a new version of " : "write ") + shown);
  planned.predict("key", args.key).resource(resource(**store, key));
  return planned.undo(*found ? "remove that version, so that the one before it is the newest"
                             : "remove it again");
}

Result<objects::Object> Source::objects_put(sdk::Call& call, const objects::PutArgs& args) {
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  const std::string key = inside(**store, args.key);
  auto found = find(session, key);
  if (!found) return fail(found.error());
  const NewObject object{.key = key,
                         .mark = mark_of(call),
                         .content_type = args.content_type,
                         .metadata = args.metadata,
                         .if_match = args.if_match,
                         .if_absent = args.if_absent};
  if (call.facts().attempt <= 1) {
    if (auto kept = check_replaced(session, key, *found); !kept) return fail(kept.error());
  }
  auto sent = send_port(session, object, {.key = key, .mark = object.mark});
  if (!sent) return fail(sent.error());
  return outside(**store, std::move(sent->object));
}

Result<sdk::Undone> Source::undo_objects_put(
    sdk::Call& call, const sdk::Compensation<objects::PutArgs, objects::Object>& what) {
  if (!what.recorded) return sdk::Undone{{"nothing had been written"}};
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  auto words = take_back(session, what.undo);
  if (!words) return fail(words.error());
  return sdk::Undone{std::move(*words)};
}

Result<sdk::Planned> Source::plan_objects_copy(sdk::Call& call, const objects::CopyArgs& args) {
  auto store = connect(call);
  if (!store) return fail(store.error());
  if (call.unknown("key") || call.unknown("version_id")) {
    sdk::Planned planned("make an older version the newest again in " +
                         (*store)->shown((*store)->settings().prefix));
    return planned.resource(resource(**store, (*store)->settings().prefix))
        .undo("remove the new version");
  }
  Session session(*store, call);
  const std::string key = inside(**store, args.key);
  auto version = look_at(session, key, args.version_id);
  if (!version) return fail(version.error());
  sdk::Planned planned("make version " + args.version_id + " of " + (*store)->shown(key) +
                       " the newest again (" + std::to_string(version->object.size) + " bytes)");
  planned.predict("key", args.key).predict("size", version->object.size);
  return planned.resource(resource(**store, key)).undo("remove the new version");
}

Result<objects::Object> Source::objects_copy(sdk::Call& call, const objects::CopyArgs& args) {
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  const std::string key = inside(**store, args.key);
  const NewObject object{.key = key, .mark = mark_of(call)};
  if (call.facts().attempt > 1) {
    auto done = find_marked(session, key, object.mark);
    if (!done) return fail(done.error());
    if (*done) return outside(**store, std::move((*done)->object));
  }
  auto version = look_at(session, key, args.version_id);
  if (!version) return fail(version.error());
  if (!version->object.version_id) {
    return fail({.code = "s3.no_versions",
                 .message = "the bucket of " + (*store)->shown(key) + " keeps no versions",
                 .category = Category::kPrecondition});
  }
  if (args.if_match && version->object.etag != args.if_match) {
    return fail({.code = "s3.changed",
                 .message = "version " + args.version_id + " of " + (*store)->shown(key) +
                            " is not the content that was meant",
                 .category = Category::kConflict});
  }
  const Traces traces{.key = key, .mark = object.mark};
  if (auto kept = call.record_undo(
          {.data = sdk::to_value(traces), .words = {"remove the version that the copy made"}});
      !kept) {
    return fail(kept.error());
  }
  auto copied = copy_version(session, object, *version);
  if (!copied) return fail(copied.error());
  return outside(**store, std::move(copied->object));
}

Result<sdk::Undone> Source::undo_objects_copy(
    sdk::Call& call, const sdk::Compensation<objects::CopyArgs, objects::Object>& what) {
  if (!what.recorded) return sdk::Undone{{"nothing had been copied"}};
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  auto words = take_back(session, what.undo);
  if (!words) return fail(words.error());
  return sdk::Undone{std::move(*words)};
}

Result<sdk::Planned> Source::plan_objects_remove(sdk::Call& call, const objects::RemoveArgs& args) {
  auto store = connect(call);
  if (!store) return fail(store.error());
  if (call.unknown("key") || call.unknown("version_id")) {
    sdk::Planned planned("remove an object from " + (*store)->shown((*store)->settings().prefix));
    return planned.resource(resource(**store, (*store)->settings().prefix));
  }
  Session session(*store, call);
  const std::string key = inside(**store, args.key);
  const std::string shown = (*store)->shown(key);
  // A delete marker can be looked at by nobody, and removed.
  auto found = look_at(session, key, args.version_id);
  if (!found && !(args.version_id && found.error().code == "s3.deleted")) {
    return fail(found.error());
  }
  if (found && is_protected(args, *found)) return fail(locked(shown, found->lock));
  sdk::Planned planned(args.version_id
                           ? "remove version " + *args.version_id + " of " + shown + " for good"
                           : "remove " + shown +
                                 (found->object.version_id ? "; its versions stay" : " for good"));
  return planned.resource(resource(**store, key));
}

Result<> Source::objects_remove(sdk::Call& call, const objects::RemoveArgs& args) {
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  const std::string key = inside(**store, args.key);
  auto found = look_at(session, key, args.version_id);
  if (!found) {
    const std::string& code = found.error().code;
    const bool marker = args.version_id && code == "s3.deleted";
    const bool repeated =
        call.facts().attempt > 1 && (code == "s3.not_found" || code == "s3.deleted");
    if (repeated && !marker) return {};
    if (!marker) return fail(found.error());
  }
  if (found && is_protected(args, *found)) return fail(locked((*store)->shown(key), found->lock));
  return remove_version(session, key, args.version_id);
}

Result<objects::Traits> Source::objects_traits(sdk::Call& call, const sdk::Nothing&) {
  auto store = connect(call);
  if (!store) return fail(store.error());
  Session session(*store, call);
  return known_traits(session);
}

}  // namespace s3
