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
  Result<> put_in_place(const ActivateArgs& args, bool begun_before,
                        const std::function<Result<>()>& begin);
  Result<std::vector<std::string>> put_back(const ObjectWayBack& back);

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

// What is there counts, not what a write was answered: its answer may come from a journal.
Result<> Swap::put_in_place(const ActivateArgs& args, bool begun_before,
                            const std::function<Result<>()>& begin) {
  const Staged& staged = args.staged;
  std::optional<Error> trouble;
  for (int number = 0;; ++number) {
    const auto found = store_.look(place_.key);
    if (!found) return fail(number > 0 ? unsure(found.error()) : found.error());
    const bool is_old = is_base(*found, staged.base);
    if (!is_old) {
      const auto is_new = holds(*found, staged.sha256);
      if (!is_new) return fail(unsure(is_new.error()));
      if (!*is_new && trouble && trouble->outcome != Outcome::kNothingHappened)
        return fail(*trouble);
      if (!*is_new && number > 0 && !trouble) return fail(not_as_written(place_));
      // Another run may have made the same of the same copy.
      if (!*is_new || (number == 0 && !begun_before)) {
        return fail(changed_since(place_,
                                  "nothing was touched; run the restore again when "
                                  "whoever works with it is done"));
      }
      if (number == 0) {
        if (auto begun = begin(); !begun) return begun;  // an earlier attempt wrote it
      }
      if (auto told = tell_table(*found); !told) return fail(unsure(told.error()));
      return {};
    }
    if (trouble || number == kTries) return fail(trouble ? *trouble : not_as_written(place_));
    if (number == 0) {
      if (auto begun = begin(); !begun) return begun;
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
  ObjectWayBack back{
      .base = args.staged.base, .sha256 = args.staged.sha256, .lock = lock_of(call, "", "").id};
  const auto record = [&] {
    return call.record_undo(
        {.data = sdk::to_value(back),
         .words = {"make the version before of " + place->shown() + " the newest again"}});
  };
  // Already of the lock something may stay behind.
  if (auto recorded = record(); !recorded) return fail(recorded.error());
  auto lock = swap.lock("snapcore-restore", {}, kTries);
  if (auto taken = lock.take(); !taken) return fail(taken.error());
  const bool begun_before = call.facts().checkpoint.at("begun").bool_or(false);
  auto done = swap.put_in_place(args, begun_before, [&]() -> Result<> {
    back.begun = true;
    if (auto recorded = record(); !recorded) return recorded;
    return call.checkpoint(snapcore::Value::object({{"begun", true}}));
  });
  const auto given = lock.give_back();
  if (!done && back.begun && done.error().outcome == Outcome::kNothingHappened) {
    back.begun = false;  // the store says so: there is nothing to take back
    if (auto recorded = record(); !recorded) return fail(recorded.error());
  }
  if (!done) return fail(done.error());
  ActivateResult result{.words = {place->shown() + " is the restored state, serial " +
                                  std::to_string(args.staged.serial)}};
  if (args.staged.base.version_id)
    result.words.push_back("the state before is version " + *args.staged.base.version_id);
  if (!given) call.log(sdk::Level::kWarning, given.error().message + "; " + given.error().hint);
  return result;
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
  if (auto taken = lock.take(); !taken) return fail(taken.error());
  auto words = swap.put_back(*back);
  const auto given = lock.give_back();
  if (!words) return words;
  if (!given) call.log(sdk::Level::kWarning, given.error().message + "; " + given.error().hint);
  return words;
}

}  // namespace tfstate
