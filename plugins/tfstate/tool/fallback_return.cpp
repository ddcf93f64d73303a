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
using snapcore::Value;

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
      .undo("work with the local state again; what was pushed is the same, and stays");
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
  const auto kept = call.record_undo({.data = Value::object({{"archive", archive}}),
                                      .words = {"work with the local state again"}});
  if (!kept) return fail(kept.error());
  std::vector<std::string> words = words_of(*three);
  if (!three->changed_here.empty() && !three->pushed) {
    if (auto done = push(*store, *three); !done) return fail(done.error());
    words.push_back("the store holds what was changed here, without force");
  } else {
    words.push_back("nothing had to be pushed");
  }
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
  const fs::path archive = was.undo.at("archive").text();
  std::error_code ignored;
  if (fs::exists(archive, ignored)) {
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
  return sdk::Undone{{shown(place.directory) + " works with the local state again"}};
}

}  // namespace tfstate
