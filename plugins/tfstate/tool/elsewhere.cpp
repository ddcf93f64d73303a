#include "elsewhere.hpp"

#include <snapcore/support/files.hpp>
#include <snapcore/utf8.hpp>

#include "fallback_files.hpp"
#include "refusal.hpp"

namespace tfstate {

namespace sdk = snapcore::sdk;
namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::Category;
using snapcore::fail;
using snapcore::shown;

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
  // That it then lacks a provider is no matter.
  auto ready = there->tool.init(*providers, there->copy.has_modules);
  auto record = text_if_there(there->copy.data / "terraform.tfstate");
  if (record && *record) return **record;
  if (!ready) return fail(ready.error());
  return fail(refused("tfstate.no_record", "the tool leaves nothing of its backend"));
}

Result<> use_the_store(const Elsewhere& store, const WorkPlace& place) {
  const auto before = text_if_there(FallbackFiles(place.directory).backend);
  if (!before) return fail(before.error());
  if (*before) return put(store.copy.data / "terraform.tfstate", **before);
  auto providers = providers_of(place.tool.providers, place.directory, store.scratch.path());
  if (!providers) return fail(providers.error());
  return store.tool.init(*providers, store.copy.has_modules);
}

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
  return state_text(store.tool.output());
}

}  // namespace tfstate
