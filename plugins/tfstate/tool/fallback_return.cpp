// How a fallback stands, and its end.
#include <snapcore/support/files.hpp>
#include <snapcore/utf8.hpp>

#include "elsewhere.hpp"
#include "fallback.hpp"
#include "fallback_files.hpp"
#include "state_lock.hpp"
#include "three_states.hpp"

namespace tfstate {

namespace sdk = snapcore::sdk;
namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::fail;
using snapcore::shown;

namespace {

// Nobody works with it while it goes, or comes again.
Result<StateLock> lock_local_state(sdk::Call& call, const WorkPlace& place,
                                   const std::string& operation) {
  const sdk::Facts& facts = call.facts();
  const Place local{.file = FallbackFiles(place.directory).state(place.workspace),
                    .shown_path = FallbackFiles::relative_state()};
  return StateLock::take(local, {.id = uuid_from(facts.key),
                                 .operation = operation,
                                 .info = "run " + facts.run,
                                 .created = facts.started ? facts.started->text() : "",
                                 .path = local.shown_path});
}

// What a return recorded: where its fallback lies, and the serial that it left in the store.
struct Returned {
  std::string archive = {};
  std::optional<std::uint64_t> serial = {};
};
void fields(sdk::Fields& f, Returned& returned) {
  f("archive", returned.archive);
  f("serial", returned.serial);
}

// `home`: where the fallback lies, with what init had left of the backend.
Result<State> now_in_the_store(sdk::Call& call, const WorkPlace& place, const fs::path& home) {
  const auto store = elsewhere(call, place);
  if (!store) return fail(store.error());
  const auto backend = text_if_there(home / FallbackFiles(place.directory).backend.filename());
  if (!backend) return fail(backend.error());
  if (*backend) {
    if (auto written = put(store->copy.data / "terraform.tfstate", **backend); !written)
      return fail(written.error());
  } else if (auto used = use_the_store(*store, place); !used) {
    return fail(used.error());
  }
  const auto text = pull(*store);
  if (!text) return fail(text.error());
  JsonReader reader{std::string_view(*text)};
  return read_state(reader, "the state in the store");
}

// Since the return the directory works with the store. Whoever has written there would have a
// second, older state in the fallback, and no tool would notice.
Result<> nobody_wrote_since(sdk::Call& call, const Returned& returned, const WorkPlace& place,
                            const fs::path& home) {
  const std::string stays =
      "nothing was touched: " + shown(place.directory) +
      " works with its store, and so it stays; what was the fallback lies in " +
      shown(home.string());
  const auto now = now_in_the_store(call, place, home);
  if (!now) {
    snapcore::Error error = {.code = "tfstate.store_not_known",
                             .message =
                                 "whether anybody has written to the store since the return "
                                 "cannot be told",
                             .hint = stays +
                                     "; where the store is away again, begin a new "
                                     "fallback: tfstate-fallback.lua",
                             .category = snapcore::Category::kConflict};
    return fail(snapcore::caused_by(std::move(error), now.error()));
  }
  if (now->serial == returned.serial) return {};
  return fail({.code = "tfstate.store_went_on",
               .message = "the store has gone on since the return: it has serial " +
                          std::to_string(now->serial) + ", and the return left serial " +
                          std::to_string(*returned.serial) +
                          "; the fallback would be an older state beside it",
               .hint = stays,
               .category = snapcore::Category::kConflict});
}

Result<> keep_first_base(const FallbackFiles& names, const std::string& base) {
  std::error_code ignored;
  return fs::exists(names.first_base, ignored) ? Result<>() : put(names.first_base, base);
}

}  // namespace

void fields(sdk::Fields& f, FallbackStatus& status) {
  f("active", status.active, "the directory works with a local state");
  f("changed_here", status.changed_here, "since the fallback began");
  f("changed_there", status.changed_there, "in the store");
  f("words", status.words);
}

Result<FallbackStatus> call_fallback_status(sdk::Call& call, const sdk::Nothing&,
                                            const WorkPlace& place) {
  const auto active = read_fallback(place.directory);
  if (!active) return fail(active.error());
  if (!*active) return FallbackStatus{.words = {"there is no fallback: it works with its store"}};
  const auto store = elsewhere(call, place);
  if (!store) return fail(store.error());
  const auto three = compare_three(*store, place);
  if (auto going = call.keep_going(); !going) return fail(going.error());
  if (!three) return fail(three.error());
  FallbackStatus status{.active = true,
                        .changed_here = !three->changed_here.empty(),
                        .changed_there = three->moved_on,
                        .words = words_of(*three)};
  if (auto may = may_return(*three); !may) status.words.push_back(may.error().message);
  return status;
}

Result<sdk::Planned> plan_end_fallback(sdk::Call&, const sdk::Nothing&, const WorkPlace& place) {
  const auto record = active_fallback(place);
  if (!record) return fail(record.error());
  const FallbackFiles names(place.directory);
  sdk::Planned planned("compare three states: that of the beginning (serial " +
                       std::to_string(record->serial) +
                       "), the local one, that of the store; stop when both went on");
  planned.effect("let the tool push the local one into the store, without force, and read it back");
  planned.effect("make the tool use its store again: remove " + shown(names.override_.string()));
  planned.keeps("all of the fallback stays as " + shown(names.home.string()) + "-returned-<time>");
  return planned.resource(place.directory_resource)
      .undo(
          "work with the local state again, if nobody has written to the store since; what was "
          "pushed is the same, and stays");
}

Result<FallbackResult> call_end_fallback(sdk::Call& call, const sdk::Nothing&,
                                         const WorkPlace& place) {
  const FallbackFiles names(place.directory);
  const sdk::Facts& facts = call.facts();
  const std::string archive = names.home.string() + "-returned-" +
                              (facts.started ? facts.started->stamp() : "") + "-" +
                              facts.key.substr(0, 8);
  std::error_code ignored;
  if (fs::exists(archive, ignored)) return FallbackResult{.words = {"it is back already"}};
  auto record = active_fallback(place);
  if (!record) return fail(record.error());
  auto lock = lock_local_state(call, place, "snapcore-return");
  if (!lock) return fail(lock.error());
  const auto store = elsewhere(call, place);
  if (!store) return fail(store.error());
  const auto three = compare_three(*store, place);
  if (!three) return fail(three.error());
  if (auto may = may_return(*three); !may) return fail(may.error());
  Returned returned{.archive = archive};
  const auto record_undo = [&] {
    return call.record_undo(
        {.data = sdk::to_value(returned),
         .words = {"work with the local state again, if nobody has written to the store since"}});
  };
  if (auto kept = record_undo(); !kept) return fail(kept.error());
  std::vector<std::string> words = words_of(*three);
  if (!three->changed_here.empty() && !three->pushed) {
    const auto serial = push(*store, *three);
    if (!serial) return fail(serial.error());
    returned.serial = *serial;
    words.push_back("the store holds what was changed here, without force");
  } else {
    returned.serial = three->there_state.serial;
    words.push_back("nothing had to be pushed");
  }
  if (auto kept = record_undo(); !kept) return fail(kept.error());
  if (auto back = look_to_the_store(place); !back) return fail(back.error());
  lock->release();
  if (auto moved = files::rename_no_replace(names.home, archive); !moved)
    return fail(moved.error());
  words.push_back("what was the fallback lies in " + shown(archive));
  return FallbackResult{.serial = three->here_state.serial, .words = std::move(words)};
}

Result<sdk::Undone> undo_end_fallback(sdk::Call& call,
                                      const sdk::Compensation<sdk::Nothing, FallbackResult>& was,
                                      const WorkPlace& place) {
  if (!was.recorded) return sdk::Undone{{"the fallback goes on"}};
  const FallbackFiles names(place.directory);
  const auto returned = sdk::from_value<Returned>(was.undo);
  if (!returned) return fail(returned.error());
  const fs::path archive = returned->archive;
  std::error_code ignored;
  const bool put_away = fs::exists(archive, ignored);
  // Before it had pushed, the directory never worked with its store.
  if (returned->serial && (put_away || !fs::exists(names.override_, ignored))) {
    auto free = nobody_wrote_since(call, *returned, place, put_away ? archive : names.home);
    if (!free) return fail(free.error());
  }
  if (put_away) {
    if (auto moved = files::rename_no_replace(archive, names.home); !moved)
      return fail(moved.error());
  }
  const auto local = state_text(names.local);
  if (!local) return fail(local.error());
  // What a return that was killed left of its lock goes with this one.
  const auto lock = lock_local_state(call, place, "snapcore-undo");
  if (!lock) return fail(lock.error());
  // What is in the store now is where the fallback begins anew, if it is what is here.
  const auto store = elsewhere(call, place);
  auto three = store ? compare_three(*store, place) : Result<Three>(fail(store.error()));
  if (three && three->pushed && three->moved_on) {
    three->record.serial = three->there_state.serial;
    if (auto kept = keep_first_base(names, three->base); !kept) return fail(kept.error());
    if (auto written = put(names.base, three->there); !written) return fail(written.error());
    if (auto written = put(names.record, three->record.to_json()); !written)
      return fail(written.error());
  }
  if (auto written = put_as_it_was(live_record(place), *local); !written)
    return fail(written.error());
  if (auto written = put(names.override_, override_text()); !written) return fail(written.error());
  sdk::Undone undone{{shown(place.directory) + " works with the local state again"}};
  if (three && three->moved_on && three->pushed) {
    undone.words.push_back("the store KEEPS what was pushed, serial " +
                           std::to_string(three->there_state.serial) +
                           ": who works with it there goes on from that");
  }
  return undone;
}

}  // namespace tfstate
