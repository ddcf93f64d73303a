// The swap in a store, under the lock of the tools: one conditional write, read back.
#include <snapcore/support/digest.hpp>
#include <snapcore/support/process.hpp>
#include <snapcore/utf8.hpp>

#include "edited_bytes.hpp"
#include "object_backend.hpp"
#include "object_lock.hpp"
#include "object_state.hpp"

namespace tfstate {
namespace {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Outcome;
using snapcore::shown;

constexpr const char* kJson = "application/json";
constexpr const char* kWrite = "write";
constexpr int kTries = 2;          // that the plan announces of each act
constexpr int kTriesWayBack = 20;  // where nothing is announced

// What activate records before it touches anything, and once more under the lock.
struct ObjectWayBack {
  Base base = {};
  std::string sha256 = {};  // of the new state
  std::string lock = {};    // the ID of the lock that it was, or was to be, done under
  bool begun = false;       // the lock was ours, and the state what it was to be
};
void fields(sdk::Fields& f, ObjectWayBack& back) {
  f("base", back.base);
  f("sha256", back.sha256);
  f("lock", back.lock);
  f("begun", back.begun);
}

Error unsure(Error error) {
  error.outcome = Outcome::kMayHaveHappened;
  return error;
}

Error changed_since(const ObjectPlace& place, std::string hint) {
  return {.code = "tfstate.changed_since",
          .message = place.shown() + " was written by somebody else meanwhile",
          .hint = std::move(hint),
          .category = Category::kConflict};
}

Error not_as_written(const ObjectPlace& place) {
  return {.code = "tfstate.not_as_written",
          .message = place.shown() + " does not hold what was written to it",
          .category = Category::kCorrupt,
          .outcome = Outcome::kMayHaveHappened};
}

// The restored state among the versions of the store.
struct Written {
  std::optional<std::string> version_id = {};
  bool live = true;  // nobody has written since
};

bool is_base(const std::optional<objects::Object>& found, const Base& base) {
  if (!found) return !base.etag;
  return found->etag == base.etag && found->version_id == base.version_id;
}

// One call with what it works on.
class Swap {
 public:
  Swap(sdk::Call& call, const ObjectPlace& place, Table* table)
      : call_(call), place_(place), store_(call, place), table_(table) {}

  ObjectLock lock(const std::string& operation, std::vector<std::string> ours, int tries) {
    return ObjectLock(store_, place_, lock_of(call_, operation, place_.lock_path()),
                      std::move(ours), {.tries = tries}, table_);
  }

  // `begun_before`: an attempt of this very call has come to its write.
  Result<Written> put_in_place(const ActivateArgs& args, bool begun_before,
                               const std::function<Result<>()>& begin);
  // What an earlier attempt of this very call has written; nothing when it did not come so far.
  Result<std::optional<Written>> find_written(const Staged& staged);
  Result<std::vector<std::string>> put_back(const ObjectWayBack& back);
  // The very version that was to be replaced is live.
  Result<bool> is_untouched(const Base& base);

 private:
  Result<> write(const ActivateArgs& args, const std::string& label);
  Result<bool> holds(const std::optional<objects::Object>& found, const std::string& sha256);
  Result<> tell_table(const std::optional<objects::Object>& found);
  Result<> restore(const Base& base, const objects::Object& found);

  sdk::Call& call_;
  const ObjectPlace& place_;
  ObjectStore store_;
  Table* table_;
};

Result<bool> Swap::holds(const std::optional<objects::Object>& found, const std::string& sha256) {
  if (!found) return false;
  const auto digests = digests_of_object(store_, place_.key, *found);
  if (!digests) return fail(digests.error());
  return digests->sha256 == sha256;
}

// The tools read nothing that does not fit what the table says of it.
Result<> Swap::tell_table(const std::optional<objects::Object>& found) {
  if (!table_) return {};
  if (!found) return table_->set_digest(std::nullopt);
  const auto digests = digests_of_object(store_, place_.key, *found);
  if (!digests) return fail(digests.error());
  return table_->set_digest(digests->md5);
}

Result<> Swap::write(const ActivateArgs& args, const std::string& label) {
  auto port = call_.open_input(*args.from);
  if (!port) return fail(port.error());
  EditedBytes bytes([&](std::span<std::byte> into) { return port->read(into); }, args.staged.edit);
  snapcore::Sha256 hash;
  // Bytes that are not those which were looked at never come to their end, and so become nothing.
  const auto read = [&](std::span<std::byte> into) -> Result<std::size_t> {
    auto got = bytes.read(into);
    if (!got) return got;
    hash.update(into.first(*got));
    if (*got > 0 || snapcore::to_hex(hash.so_far()) == args.staged.sha256) return got;
    return fail({.code = "tfstate.staged_changed",
                 .message = shown(name_of(*args.from)) + " is not what was looked at before",
                 .hint = "run the restore again",
                 .category = Category::kCorrupt});
  };
  objects::PutArgs put{.key = place_.key, .content_type = kJson};
  put.if_match = args.staged.base.etag;
  put.if_absent = !put.if_match;
  auto made = store_.put(std::move(put), label, read);
  if (made) return {};
  return fail(made.error());
}

Result<std::optional<Written>> Swap::find_written(const Staged& staged) {
  const auto found = store_.look(place_.key);
  if (!found) return fail(unsure(found.error()));
  if (*found && is_base(*found, staged.base)) return std::optional<Written>();
  const auto is_new = holds(*found, staged.sha256);
  if (!is_new) return fail(unsure(is_new.error()));
  if (*is_new) return std::optional(Written{.version_id = (*found)->version_id});
  const auto versions = store_.versions(place_.key);
  if (!versions) return fail(unsure(versions.error()));
  for (const objects::Version& version : *versions) {
    if (staged.base.version_id && version.version_id == *staged.base.version_id) break;
    if (version.marker) continue;
    const objects::Object one{.key = version.key, .version_id = version.version_id};
    const auto same = holds(one, staged.sha256);
    if (!same) return fail(unsure(same.error()));
    if (*same) return std::optional(Written{.version_id = version.version_id, .live = false});
  }
  return std::optional<Written>();
}

// What is there counts, not what a write was answered: its answer may come from a journal.
Result<Written> Swap::put_in_place(const ActivateArgs& args, bool begun_before,
                                   const std::function<Result<>()>& begin) {
  const Staged& staged = args.staged;
  std::optional<Error> trouble;
  for (int number = 0;; ++number) {
    const auto found = store_.look(place_.key);
    if (!found) return fail(number > 0 || begun_before ? unsure(found.error()) : found.error());
    const bool is_old = is_base(*found, staged.base);
    if (!is_old) {
      const auto is_new = holds(*found, staged.sha256);
      if (!is_new) return fail(unsure(is_new.error()));
      if (!*is_new && trouble && trouble->outcome != Outcome::kNothingHappened)
        return fail(*trouble);
      if (!*is_new && number > 0 && !trouble) return fail(not_as_written(place_));
      if (!*is_new && begun_before) {
        const auto written = find_written(staged);
        if (!written) return fail(written.error());
        if (*written) return **written;
      }
      // Another run may have made the same of the same copy.
      if (!*is_new || (number == 0 && !begun_before)) {
        return fail(changed_since(place_,
                                  "nothing was touched; run the restore again when "
                                  "whoever works with it is done"));
      }
      if (number == 0) {
        // An earlier attempt wrote it.
        if (auto begun = begin(); !begun) return fail(begun.error());
      }
      if (auto told = tell_table(*found); !told) return fail(unsure(told.error()));
      return Written{.version_id = (*found)->version_id};
    }
    if (trouble || number == kTries) return fail(trouble ? *trouble : not_as_written(place_));
    if (number == 0) {
      if (auto begun = begin(); !begun) return fail(begun.error());
    }
    call_.log(sdk::Level::kInfo, "writing " + place_.shown() + " under its lock");
    auto written = write(args, LockLabels::at(kWrite, number));
    if (!written) trouble = written.error();
  }
}

Result<> Swap::restore(const Base& base, const objects::Object& found) {
  // Of the version that it replaces, so that it is another act when that is done once more.
  const std::string label = "put back over " + found.version_id.value_or("the restored state");
  if (!base.etag) return store_.remove(place_.key, label);
  if (!base.version_id) {
    return fail({.code = "tfstate.no_versions",
                 .message = "the store kept no version of what was at " + place_.shown(),
                 .category = Category::kPermanent});
  }
  auto copied = store_.copy(place_.key, *base.version_id, label);
  if (!copied) return fail(copied.error());
  return {};
}

Result<bool> Swap::is_untouched(const Base& base) {
  const auto found = store_.look(place_.key);
  if (!found) return fail(found.error());
  return *found && is_base(*found, base);
}

Result<std::vector<std::string>> Swap::put_back(const ObjectWayBack& back) {
  auto found = store_.look(place_.key);
  if (!found) return fail(found.error());
  std::vector<std::string> words = {"the old state is in its place"};
  if (!is_base(*found, back.base)) {
    const auto is_new = holds(*found, back.sha256);
    if (!is_new) return fail(is_new.error());
    // An earlier attempt to take it back may have made the old one the newest again.
    const auto is_old = *is_new ? Result<bool>(false) : holds(*found, back.base.sha256);
    if (!is_old) return fail(is_old.error());
    if (!*is_new && !*is_old) {
      return fail(changed_since(
          place_, back.base.version_id
                      ? "what was there before the restore is version " + *back.base.version_id
                      : "there was no state before the restore"));
    }
    if (*is_new) {
      if (auto restored = restore(back.base, **found); !restored) return fail(restored.error());
      found = store_.look(place_.key);
      if (!found) return fail(unsure(found.error()));
      words = {back.base.etag ? "made the version before the newest again of " + place_.shown()
                              : "deleted " + place_.shown() + ", since there was no state before"};
    }
  }
  const auto right = *found ? holds(*found, back.base.sha256) : Result<bool>(!back.base.etag);
  if (!right) return fail(unsure(right.error()));
  if (!*right) return fail(not_as_written(place_));
  if (auto told = tell_table(*found); !told) return fail(unsure(told.error()));
  return words;
}

std::string version_of(const std::optional<std::string>& id) {
  return id ? "version " + shown(*id) : "a version that the store does not name";
}

std::vector<std::string> words_of(const ObjectPlace& place, const Staged& staged,
                                  const Written& written) {
  const std::string serial = "serial " + std::to_string(staged.serial);
  std::vector<std::string> words;
  if (written.live) {
    words.push_back(place.shown() + " is the restored state, " + serial + ", " +
                    version_of(written.version_id));
  } else {
    words.push_back("the restored state, " + serial + ", was written as " +
                    version_of(written.version_id) + " of " + place.shown());
    words.emplace_back("somebody has written, or deleted, it since");
  }
  if (staged.base.version_id)
    words.push_back("the state before is version " + shown(*staged.base.version_id));
  return words;
}

// Who holds the lock may write at any time: the digest in the table is not ours to change.
Error written_but_locked(const ObjectPlace& place, const Staged& staged, const Written& written,
                         const Error& locked) {
  std::string message;
  for (const std::string& line : words_of(place, staged, written)) message += line + "; ";
  return {.code = locked.code,
          .message = message +
                     "its digest in the table may be that of the state before: " + locked.message,
          .hint = locked.hint,
          .category = Category::kConflict,
          .outcome = Outcome::kHappened};
}

// What a person does in our place. Only what bears our ID is removed, and nothing that was written
// by others is covered without a look at it.
sdk::Undo undo_of(const ObjectPlace& place, const ObjectWayBack& back) {
  sdk::Undo undo{.data = sdk::to_value(back)};
  const std::string lock_left = "where " + snapcore::shown(place.lock_key()) +
                                " was left behind with the ID " + back.lock + ", remove it";
  if (!back.begun) {
    undo.words = {"nothing is written yet; " + lock_left};
  } else if (back.base.version_id) {
    undo.words = {"make " + version_of(back.base.version_id) + " of " + place.shown() +
                      ", the state before, the newest again, where it is not",
                  lock_left};
  } else {
    undo.words = {"delete " + place.shown() + ", where there was no state before", lock_left};
  }
  if (!place.bucket) return undo;
  using snapcore::process::shell_line;
  const std::vector<std::string> object = {"--bucket", *place.bucket, "--key", place.key};
  const auto s3api = [&](std::vector<std::string> line, const std::vector<std::string>& more) {
    line.insert(line.begin(), {"aws", "s3api"});
    line.insert(line.end(), object.begin(), object.end());
    line.insert(line.end(), more.begin(), more.end());
    return shell_line(line);
  };
  for (const std::string& words : undo.words) undo.shell.push_back("# " + words);
  if (back.begun && back.base.version_id) {
    undo.shell.push_back(
        "[ \"$(" + s3api({"head-object"}, {"--query", "VersionId", "--output", "text"}) +
        ")\" = " + shell_line({*back.base.version_id}) + " ] || " +
        s3api({"copy-object"}, {"--copy-source", *place.bucket + "/" + place.key +
                                                     "?versionId=" + *back.base.version_id}));
  } else if (back.begun) {
    undo.shell.push_back(s3api({"delete-object"}, {}));
  }
  if (place.lock_file) {
    const std::string lock = "s3://" + *place.bucket + "/" + place.lock_key();
    undo.shell.push_back(shell_line({"aws", "s3", "cp", lock, "-"}) + " | " +
                         shell_line({"grep", "-F", back.lock}) + " && " +
                         shell_line({"aws", "s3", "rm", lock}));
  }
  return undo;
}

void announce(const ObjectPlace& place, sdk::Planned& planned) {
  const ObjectPlace& p = place;
  const auto inside = [&](const std::string& key) { return key.substr(p.prefix.size()); };
  const snapcore::Value lock = sdk::to_value(
      objects::PutArgs{.key = inside(p.lock_key()), .content_type = kJson, .if_absent = true});
  snapcore::Value state =
      sdk::to_value(objects::PutArgs{.key = inside(p.key), .content_type = kJson});
  state["if_match"] = sdk::Planned::later();
  state["if_absent"] = sdk::Planned::later();
  const snapcore::Value unlock = sdk::to_value(objects::RemoveArgs{.key = inside(p.lock_key())});
  const LockLabels labels;
  for (int number = 0; number < kTries; ++number) {
    const auto at = [&](const std::string& label) { return LockLabels::at(label, number); };
    if (p.lock_file) planned.call(at(labels.take), p.store, "objects_put", lock);
    planned.call(at(kWrite), p.store, "objects_put", state);
    if (p.lock_file) planned.call(at(labels.give_back), p.store, "objects_remove", unlock);
  }
}

}  // namespace

Result<sdk::Planned> ObjectBackend::plan_activate(sdk::Call& call) const {
  const auto place = connect(call);
  if (!place) return fail(place.error());
  sdk::Planned planned("lock " + place->shown() +
                       " as the tools do, or fail at once when one of them works with it");
  planned.effect(
      "write the restored state as its newest version, only if nobody wrote meanwhile, "
      "and give the lock back");
  if (place->table) {
    planned.effect("tell its digest to the table " + snapcore::shown(place->table->table) +
                   ", which the tools compare it with");
  }
  planned.keeps("the old state stays as the version before");
  planned.undo("make the version before the newest again, under the lock");
  if (place->bucket) {
    planned.shell(snapcore::process::shell_line({"aws", "s3", "cp", "--content-type", kJson}) +
                  " \"$artifact\" " +
                  snapcore::process::shell_line({"s3://" + *place->bucket + "/" + place->key}));
  }
  announce(*place, planned);
  return planned.resource(place->resource());
}

Result<ActivateResult> ObjectBackend::activate(sdk::Call& call, const ActivateArgs& args) const {
  if (!args.from) {
    return fail({.code = "arguments.missing",
                 .message = "from is missing: a restored object is made of it",
                 .category = Category::kPrecondition});
  }
  const auto place = connect(call);
  if (!place) return fail(place.error());
  const auto table = make_table_(call, *place);
  if (!table) return fail(table.error());
  Swap swap(call, *place, table->get());
  const bool begun_before = call.facts().checkpoint.at("begun").bool_or(false);
  ObjectWayBack back{.base = args.staged.base,
                     .sha256 = args.staged.sha256,
                     .lock = lock_of(call, "", "").id,
                     .begun = begun_before};
  const auto record = [&] { return call.record_undo(undo_of(*place, back)); };
  const auto nothing_happened = [&](const Error& error) -> Result<ActivateResult> {
    back.begun = false;  // the store says so: there is nothing to take back
    if (auto recorded = record(); !recorded) return fail(recorded.error());
    return fail(error);
  };
  auto lock = swap.lock("snapcore-restore", {}, kTries);
  if (!begun_before) {
    if (auto free = lock.is_free(); !free) return fail(free.error());
  }
  // Already of the lock something may stay behind.
  if (auto recorded = record(); !recorded) return fail(recorded.error());
  if (auto taken = lock.take(); !taken) {
    if (!begun_before) return fail(taken.error());
    const auto written = swap.find_written(args.staged);
    if (!written) return fail(snapcore::caused_by(unsure(taken.error()), written.error()));
    (void)lock.give_back();
    if (!*written) return nothing_happened(taken.error());
    if (*table && (*written)->live)
      return fail(written_but_locked(*place, args.staged, **written, taken.error()));
    return ActivateResult{.words = words_of(*place, args.staged, **written)};
  }
  auto done = swap.put_in_place(args, begun_before, [&]() -> Result<> {
    back.begun = true;
    if (auto recorded = record(); !recorded) return recorded;
    return call.checkpoint(snapcore::Value::object({{"begun", true}}));
  });
  const auto given = lock.give_back();
  if (!done && back.begun && done.error().outcome == Outcome::kNothingHappened)
    return nothing_happened(done.error());
  if (!done) return fail(done.error());
  if (!given) call.log(sdk::Level::kWarning, given.error().message + "; " + given.error().hint);
  return ActivateResult{.words = words_of(*place, args.staged, *done)};
}

Result<std::vector<std::string>> ObjectBackend::take_back(sdk::Call& call,
                                                          const snapcore::Value& recorded) const {
  const auto back = sdk::from_value<ObjectWayBack>(recorded);
  if (!back) return fail(back.error());
  const auto place = connect(call);
  if (!place) return fail(place.error());
  const auto table = make_table_(call, *place);
  if (!table) return fail(table.error());
  Swap swap(call, *place, table->get());
  auto lock = swap.lock("snapcore-undo", {back->lock}, kTriesWayBack);
  if (!back->begun) {
    if (auto given = lock.give_back(); !given) return fail(given.error());
    return std::vector<std::string>{"nothing had been written"};
  }
  if (auto taken = lock.take(); !taken) {
    // Of a state that nobody has written there is nothing to put back, whoever holds its lock.
    const auto untouched = swap.is_untouched(back->base);
    if (!untouched || !*untouched) return fail(taken.error());
    (void)lock.give_back();
    return std::vector<std::string>{"the old state is in its place: nothing had been written"};
  }
  auto words = swap.put_back(*back);
  const auto given = lock.give_back();
  if (!words) return words;
  if (!given) call.log(sdk::Level::kWarning, given.error().message + "; " + given.error().hint);
  return words;
}

}  // namespace tfstate
