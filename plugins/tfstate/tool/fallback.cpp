#include "fallback.hpp"

#include <algorithm>
#include <format/diff.hpp>
#include <format/serial.hpp>
#include <snapcore/support/files.hpp>
#include <snapcore/utf8.hpp>

#include "data_directory.hpp"
#include "description.hpp"
#include "live_state.hpp"
#include "scratch.hpp"
#include "state_lock.hpp"
#include "tool_run.hpp"
#include "working_copy.hpp"

namespace tfstate {
namespace {

namespace sdk = snapcore::sdk;
namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::Category;
using snapcore::fail;
using snapcore::Outcome;
using snapcore::shown;
using snapcore::Value;

constexpr std::uint64_t kLargestState = 1ULL << 30;
constexpr std::size_t kMostNamed = 20;

snapcore::Error refused(std::string code, std::string message, std::string hint) {
  return {.code = std::move(code),
          .message = std::move(message),
          .hint = std::move(hint),
          .category = Category::kPrecondition};
}

// In a directory where the backend is another one, the tool would take these for states that are
// to be moved there.
Result<> no_usual_state_in(const fs::path& directory) {
  if (directory.empty())
    return fail(refused("tfstate.no_directory", "the site names no working directory", ""));
  std::error_code ignored;
  for (const char* name : {"terraform.tfstate", "terraform.tfstate.d"}) {
    const fs::path there = directory / name;
    if (fs::exists(there, ignored) && !fs::is_empty(there, ignored)) {
      return fail(refused("tfstate.state_in_the_way",
                          shown(there.string()) + " is there already: a state in a local file",
                          "a fallback is for a state that lies in a store; put that file elsewhere "
                          "if it means nothing"));
    }
  }
  return {};
}

Result<std::string> text_of(const fs::path& file) { return files::read_file(file, kLargestState); }

Result<std::optional<std::string>> text_if_there(const fs::path& file) {
  auto text = text_of(file);
  if (!text && text.error().code == "files.not_found") return std::optional<std::string>();
  if (!text) return fail(text.error());
  return std::optional<std::string>(std::move(*text));
}

Result<State> state_in(const std::string& text, const std::string& name) {
  JsonReader reader{std::string_view(text)};
  return read_state(reader, name);
}

StateBytes bytes_of(std::string name, const std::string& text) {
  return {
      .name = std::move(name),
      .read_at = [&text](std::uint64_t offset, std::span<std::byte> into) -> Result<std::size_t> {
        if (offset >= text.size()) return 0;
        const std::size_t size =
            std::min<std::size_t>(into.size(), text.size() - static_cast<std::size_t>(offset));
        std::copy_n(reinterpret_cast<const std::byte*>(text.data()) + offset, size, into.begin());
        return size;
      }};
}

// Addresses of what is another in `after`; nothing where the two are the same.
Result<std::vector<std::string>> differences(const std::string& before, const std::string& after) {
  std::vector<std::string> list;
  const auto diff = compare_states(bytes_of("the one", before), bytes_of("the other", after),
                                   [&](const Difference& difference) -> Result<> {
                                     const std::string what = difference.output ? "output." : "";
                                     list.push_back(what + shown(difference.address));
                                     return {};
                                   });
  if (!diff) return fail(diff.error());
  return list;
}

std::string some_of(const std::vector<std::string>& list) {
  std::string text;
  for (std::size_t i = 0; i < std::min(list.size(), kMostNamed); ++i)
    text += (i == 0 ? "" : ", ") + list[i];
  if (list.size() > kMostNamed)
    text += " and " + std::to_string(list.size() - kMostNamed) + " more";
  return text;
}

// --- what the tool would leave of the local backend, made in a copy

struct Elsewhere {
  Scratch scratch;
  WorkingCopy copy;
  ToolRun tool;
};

Result<Elsewhere> elsewhere(sdk::Call& call, const WorkPlace& place) {
  auto program = Program::find(place);
  if (!program) return fail(program.error());
  auto scratch = Scratch::make();
  if (!scratch) return fail(scratch.error());
  const fs::path below = scratch->path() / "tree";
  std::error_code ignored;
  fs::create_directory(below, ignored);
  auto copy = copy_working_directory(place.directory, below);
  if (!copy) return fail(copy.error());
  fs::remove(copy->directory / FallbackFiles(place.directory).override_.filename(), ignored);
  ToolRun tool(
      std::move(*program), place.tool,
      {.directory = copy->directory,
       .scratch = scratch->path(),
       .environment = {{"TF_DATA_DIR", copy->data.string()}, {"TF_WORKSPACE", place.workspace}},
       .cancelled = [&call] { return call.cancelled(); }});
  return Elsewhere{std::move(*scratch), std::move(*copy), std::move(tool)};
}

std::string override_text() {
  return "# Made by snapcore: the store of this directory is away, and its state lies in\n"
         "# .snapcore/ for a while. tfstate-return.lua brings it back, and removes this file.\n" +
         local_backend(FallbackFiles::relative_state(), FallbackFiles::relative_states());
}

// What init leaves when the backend is the local one. That it then lacks a provider is no matter.
Result<std::string> local_record(sdk::Call& call, const WorkPlace& place) {
  auto there = elsewhere(call, place);
  if (!there) return fail(there.error());
  const fs::path override_file =
      there->copy.directory / FallbackFiles(place.directory).override_.filename();
  if (auto put = files::replace_file(override_file, override_text()); !put)
    return fail(put.error());
  if (last_override(there->copy.directory, "backend") != override_file.filename()) {
    return fail(refused("tfstate.later_override",
                        "an override file in " + shown(place.directory) + " has the last word",
                        "give it a name before zz_snapcore_"));
  }
  auto providers = providers_of(place.tool.providers, place.directory, there->scratch.path());
  if (!providers) return fail(providers.error());
  auto ready = there->tool.init(*providers, there->copy.has_modules);
  auto record = text_if_there(there->copy.data / "terraform.tfstate");
  if (record && *record) return **record;
  if (!ready) return fail(ready.error());
  return fail(refused("tfstate.no_record", "the tool leaves nothing of its backend", ""));
}

Result<std::string> receive(sdk::Call& call, const sdk::Artifact& artifact) {
  auto port = call.open_input(artifact);
  if (!port) return fail(port.error());
  return port->read_all(kLargestState);
}

Result<> make_home(const fs::path& home) {
  auto made = files::make_directory(home);
  if (!made && made.error().code != "files.exists") return made;
  return files::fsync_directory(home.parent_path());
}

Result<> put(const fs::path& file, const std::string& text, mode_t mode = 0600) {
  std::error_code ignored;
  fs::create_directories(file.parent_path(), ignored);
  return files::replace_file(file, text, mode);
}

Result<> keep_first_base(const FallbackFiles& names, const std::string& base) {
  std::error_code ignored;
  return fs::exists(names.first_base, ignored) ? Result<>() : put(names.first_base, base);
}

// As the tool made it, for whoever may read it.
Result<> put_as_it_was(const fs::path& file, const std::string& text) {
  const auto there = files::look_at(file);
  return put(file, text, there && *there ? (*there)->st_mode & 0777 : 0600);
}

fs::path live_record(const WorkPlace& place) {
  return data_directory(place.directory) / "terraform.tfstate";
}

// The directory looks to its store again.
Result<> look_to_the_store(const WorkPlace& place) {
  const FallbackFiles names(place.directory);
  const auto before = text_if_there(names.backend);
  if (!before) return fail(before.error());
  if (*before) {
    if (auto back = put_as_it_was(live_record(place), **before); !back) return back;
  } else if (auto removed = files::remove_file(live_record(place)); !removed) {
    return removed;
  }
  if (auto removed = files::remove_file(names.override_); !removed) return removed;
  return files::fsync_directory(place.directory);
}

// The same by a person, while nothing was changed locally; the files of the fallback stay beside.
std::string way_back_by_hand(const FallbackFiles& names, const WorkPlace& place, bool had_backend) {
  const std::string live = live_record(place).string();
  const std::string home = names.home.string();
  using snapcore::process::shell_line;
  const std::string record = had_backend ? shell_line({"cp", "--", names.backend.string(), live})
                                         : shell_line({"rm", "-f", "--", live});
  return shell_line({"cmp", "--", names.base.string(), names.state(place.workspace).string()}) +
         " && " + record + " && " + shell_line({"rm", "-f", "--", names.override_.string()}) +
         " && " + shell_line({"mv", "--", home, home + "-taken-back"});
}

// --- the three states

struct Three {
  FallbackRecord record;
  std::string base, here, there;
  State here_state, there_state;
  std::vector<std::string> changed_here, changed_there;
  bool moved_on = false;  // the store, in content or in serial
  bool pushed = false;    // what is here is there already
};

Result<std::string> pull(const Elsewhere& store) {
  const auto finished = store.tool.run({"state", "pull", "-no-color"});
  if (!finished) return fail(finished.error());
  if (!finished->succeeded()) {
    snapcore::Error error = store.tool.failed("state pull", *finished);
    error.code = "tfstate.store_away";
    error.message = "the state cannot be had from its store: " + error.message;
    error.category = Category::kTransient;
    return fail(std::move(error));
  }
  return text_of(store.tool.output());
}

// As the backend was before the fallback, or as it is configured.
Result<> use_the_store(const Elsewhere& store, const WorkPlace& place) {
  const auto before = text_if_there(FallbackFiles(place.directory).backend);
  if (!before) return fail(before.error());
  if (*before) return put(store.copy.data / "terraform.tfstate", **before);
  auto providers = providers_of(place.tool.providers, place.directory, store.scratch.path());
  if (!providers) return fail(providers.error());
  return store.tool.init(*providers, store.copy.has_modules);
}

// Whether anything stands in the local state that did not stand in the copy it began with: what was
// created and destroyed again is no loss. After a return that was taken back the copy is another
// one than that of the last comparison.
Result<bool> lost_with(const FallbackFiles& names, const WorkPlace& place) {
  const auto first = text_if_there(names.first_base);
  const auto base = first && *first ? Result<std::string>(**first) : text_of(names.base);
  const auto here = text_if_there(names.state(place.workspace));
  if (!first) return fail(first.error());
  if (!base) return fail(base.error());
  if (!here) return fail(here.error());
  if (!*here || **here == *base) return false;
  const auto apart = differences(*base, **here);
  return !apart || !apart->empty();
}

Result<FallbackRecord> active_fallback(const WorkPlace& place) {
  auto record = read_fallback(place.directory);
  if (!record) return fail(record.error());
  if (!*record) {
    return fail(refused("tfstate.no_fallback",
                        shown(place.directory) + " is in no fallback: it works with its store",
                        ""));
  }
  if ((*record)->workspace != place.workspace) {
    return fail(refused("tfstate.another_workspace",
                        "the fallback is of the workspace " + shown((*record)->workspace) +
                            ", and this is " + shown(place.workspace),
                        ""));
  }
  return **record;
}

Result<Three> compare_three(const Elsewhere& store, const WorkPlace& place) {
  const FallbackFiles names(place.directory);
  Three three;
  auto record = active_fallback(place);
  if (!record) return fail(record.error());
  three.record = std::move(*record);
  auto base = text_of(names.base), here = text_of(names.state(place.workspace));
  if (!base) return fail(base.error());
  if (!here) return fail(here.error());
  if (auto used = use_the_store(store, place); !used) return fail(used.error());
  auto there = pull(store);
  if (!there) return fail(there.error());
  three.base = std::move(*base), three.here = std::move(*here), three.there = std::move(*there);

  auto here_state = state_in(three.here, "the local state");
  auto there_state = state_in(three.there, "the state in the store");
  if (!here_state) return fail(here_state.error());
  if (!there_state) return fail(there_state.error());
  three.here_state = std::move(*here_state), three.there_state = std::move(*there_state);
  if (three.there_state.form == Form::kNothing) {
    return fail(refused("tfstate.store_lost", "the store answers, and has no state",
                        "bring a version of it back there first, so that it keeps its lineage"));
  }
  auto changed_here = differences(three.base, three.here);
  if (!changed_here) return fail(changed_here.error());
  auto changed_there = differences(three.base, three.there);
  if (!changed_there) return fail(changed_there.error());
  const auto apart = differences(three.here, three.there);
  if (!apart) return fail(apart.error());
  three.changed_here = std::move(*changed_here), three.changed_there = std::move(*changed_there);
  three.moved_on = !three.changed_there.empty() ||
                   three.there_state.serial != three.record.serial ||
                   three.there_state.lineage != three.record.lineage;
  three.pushed = apart->empty() && three.there_state.lineage == three.here_state.lineage;
  return three;
}

std::vector<std::string> words_of(const Three& three) {
  std::vector<std::string> words = {
      "it began with serial " + std::to_string(three.record.serial) + ", from " +
          shown(three.record.from) + ", at " + shown(three.record.since),
      "here: " + summary_of(three.here_state) +
          (three.changed_here.empty() ? ", as it began"
                                      : "; changed since: " + some_of(three.changed_here)),
      "in the store: " + summary_of(three.there_state)};
  if (!three.moved_on) words.back() += ", as it began";
  if (three.moved_on && three.changed_there.empty())
    words.back() += "; written since, with the same content";
  if (!three.changed_there.empty())
    words.back() += "; differs from where it began: " + some_of(three.changed_there);
  return words;
}

Result<> may_return(const Three& three) {
  if (!three.moved_on || three.pushed || three.changed_here.empty()) return {};
  std::string message = "both states went on, and one of them would be lost";
  for (const std::string& words : words_of(three)) message += "; " + words;
  return fail({.code = "tfstate.both_changed",
               .message = std::move(message),
               .hint = "nothing was touched; bring what was changed here into the store by hand "
                       "(import, state mv), or the other way round",
               .category = Category::kConflict});
}

// With the serial right above the one that the store had: when somebody writes there before the
// tool has its lock, the tool refuses this one.
Result<> push(const Elsewhere& store, const Three& three) {
  const auto edit = serial_edit(three.here_state, three.record.serial + 1);
  std::string text = three.here;
  text.replace(static_cast<std::size_t>(edit.offset), static_cast<std::size_t>(edit.removed),
               edit.text);
  const fs::path file = store.scratch.path() / "push.tfstate";
  if (auto written = put(file, text); !written) return written;
  const auto finished =
      store.tool.run({"state", "push", "-no-color", "-lock-timeout=30s", file.string()});
  if (!finished) return fail(finished.error());
  if (!finished->succeeded()) {
    snapcore::Error error = store.tool.failed("state push", *finished);
    error.outcome = Outcome::kMayHaveHappened;
    return fail(std::move(error));
  }
  const auto now = pull(store);
  const auto apart =
      now ? differences(three.here, *now) : Result<std::vector<std::string>>(fail(now.error()));
  if (apart && apart->empty()) return {};
  snapcore::Error error = {.code = "tfstate.not_as_pushed",
                           .message = "the store does not hold what was pushed",
                           .category = Category::kConflict,
                           .outcome = Outcome::kMayHaveHappened};
  return fail(apart ? std::move(error) : snapcore::caused_by(std::move(error), apart.error()));
}

}  // namespace

void fields(sdk::Fields& f, FallbackArgs& args) {
  f("from", args.from, "the copy to work with: the newest that is good");
}
void fields(sdk::Fields& f, FallbackResult& result) {
  f("serial", result.serial);
  f("words", result.words);
}
void fields(sdk::Fields& f, FallbackStatus& status) {
  f("active", status.active, "the directory works with a local state");
  f("changed_here", status.changed_here, "since the fallback began");
  f("changed_there", status.changed_there, "in the store");
  f("words", status.words);
}

Result<sdk::Planned> plan_fallback(sdk::Call& call, const FallbackArgs& args,
                                   const WorkPlace& place) {
  const auto active = read_fallback(place.directory);
  if (!active) return fail(active.error());
  if (*active) {
    return fail(refused("tfstate.in_fallback",
                        shown(place.directory) + " works with a local state already, since " +
                            shown((*active)->since),
                        "tfstate-return.lua brings it back to its store"));
  }
  if (auto free = no_usual_state_in(place.directory); !free) return fail(free.error());
  const FallbackFiles names(place.directory);
  const std::string name = args.from.name.empty() ? args.from.ref : args.from.name;
  sdk::Planned planned("put " + (call.unknown("from") ? "the copy" : shown(name)) + " into " +
                       shown(names.state(place.workspace).string()));
  planned.effect("make the tool use it in place of its store, by " +
                 shown(names.override_.string()));
  planned.effect(
      "what was written to the store after that copy is not known to the tool meanwhile");
  planned.keeps("what init had left of the backend stays as " + shown(names.backend.string()));
  return planned.resource(place.directory_resource)
      .undo("remove both again, unless the tool has worked with that state");
}

Result<FallbackResult> call_fallback(sdk::Call& call, const FallbackArgs& args,
                                     const WorkPlace& place) {
  const FallbackFiles names(place.directory);
  const auto active = read_fallback(place.directory);
  if (!active) return fail(active.error());
  if (*active && (*active)->run != call.facts().run) {
    return fail(refused("tfstate.in_fallback",
                        shown(place.directory) + " works with a local state already",
                        "tfstate-return.lua brings it back to its store"));
  }
  if (auto free = no_usual_state_in(place.directory); !free) return fail(free.error());
  auto text = receive(call, args.from);
  if (!text) return fail(text.error());
  const std::string name = args.from.name.empty() ? args.from.ref : args.from.name;
  const auto state = state_in(*text, name);
  if (!state) return fail(state.error());
  if (state->form != Form::kState) {
    return fail(refused("tfstate.no_plain_state",
                        shown(name) + " is " + summary_of(*state) +
                            ": a fallback begins with a state in version 4 that is not encrypted",
                        ""));
  }
  auto local = local_record(call, place);
  if (!local) return fail(local.error());
  auto backend = text_if_there(*active ? names.backend : live_record(place));
  if (!backend) return fail(backend.error());

  const FallbackRecord record{.since = call.facts().started ? call.facts().started->text() : "",
                              .run = call.facts().run,
                              .workspace = place.workspace,
                              .from = name,
                              .lineage = state->lineage,
                              .serial = state->serial};
  const std::string home = names.home.string();
  auto kept = call.record_undo({.data = Value::object({{"run", record.run}}),
                                .words = {"make the tool use its store again"},
                                .shell = {way_back_by_hand(names, place, backend->has_value())}});
  if (!kept) return fail(kept.error());
  if (auto made = make_home(names.home); !made) return fail(made.error());
  // What says that there is a fallback comes before all that makes one.
  std::vector<std::pair<fs::path, std::string>> to_write;
  if (*backend) to_write.emplace_back(names.backend, **backend);
  to_write.emplace_back(names.base, *text);
  to_write.emplace_back(names.local, *local);
  to_write.emplace_back(names.state(place.workspace), *text);
  to_write.emplace_back(names.record, record.to_json());
  to_write.emplace_back(names.override_, override_text());
  for (const auto& [file, content] : to_write) {
    if (auto written = put(file, content); !written) return fail(written.error());
  }
  if (auto written = put_as_it_was(live_record(place), *local); !written)
    return fail(written.error());
  return FallbackResult{
      .serial = state->serial,
      .words = {shown(place.directory) + " works with " +
                    shown(names.state(place.workspace).string()) + ", " + summary_of(*state),
                "its store is away: bring it back with tfstate-return.lua, and "
                "tell everybody who works with it"}};
}

Result<sdk::Undone> undo_fallback(sdk::Call&,
                                  const sdk::Compensation<FallbackArgs, FallbackResult>& was,
                                  const WorkPlace& place) {
  const FallbackFiles names(place.directory);
  if (!was.recorded) return sdk::Undone{{"there was no fallback"}};
  auto active = read_fallback(place.directory);
  if (!active) return fail(active.error());
  if (*active) {
    if ((*active)->run != was.undo.at("run").text()) return sdk::Undone{{"it is another fallback"}};
    const auto lost = lost_with(names, place);
    if (!lost) return fail(lost.error());
    if (*lost) {
      return fail({.code = "tfstate.fallback_used",
                   .message = "the tool has worked with " +
                              shown(names.state(place.workspace).string()) + " since",
                   .hint = "tfstate-return.lua brings that into the store",
                   .category = Category::kConflict});
    }
    if (auto back = look_to_the_store(place); !back) return fail(back.error());
  }
  if (auto removed = files::remove_tree(names.home); !removed) return fail(removed.error());
  return sdk::Undone{{shown(place.directory) + " looks to its store again"}};
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

}  // namespace

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
  const auto local = text_of(names.local);
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
