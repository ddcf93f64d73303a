#include "fallback.hpp"

#include <format/serial.hpp>
#include <snapcore/support/files.hpp>
#include <snapcore/utf8.hpp>

#include "description.hpp"
#include "elsewhere.hpp"
#include "fallback_files.hpp"
#include "refusal.hpp"
#include "three_states.hpp"

namespace tfstate {

namespace sdk = snapcore::sdk;
namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::Category;
using snapcore::fail;
using snapcore::shown;
using snapcore::Value;

namespace {

constexpr std::uint64_t kLargestState = 1ULL << 30;

// In a directory where the backend is another one, the tool would take these for states that are
// to be moved there.
Result<> no_usual_state_in(const fs::path& directory) {
  if (directory.empty())
    return fail(refused("tfstate.no_directory", "the site names no working directory"));
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

}  // namespace

void fields(sdk::Fields& f, FallbackArgs& args) {
  f("from", args.from, "the copy to work with: the newest that is good");
}
void fields(sdk::Fields& f, FallbackResult& result) {
  f("serial", result.serial);
  f("words", result.words);
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
  JsonReader reader{std::string_view(*text)};
  const auto state = read_state(reader, name);
  if (!state) return fail(state.error());
  if (state->form != Form::kState) {
    return fail(refused("tfstate.no_plain_state",
                        shown(name) + " is " + summary_of(*state) +
                            ": a fallback begins with a state in version 4 that is not encrypted"));
  }
  if (auto fits = is_countable(*state, shown(name)); !fits) return fail(fits.error());
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

}  // namespace tfstate
