#include "runbook/runbook.hpp"

#include <algorithm>
#include <lua.hpp>
#include <snapcore/support/digest.hpp>

#include "lua/globals.hpp"
#include "runbook/session.hpp"
#include "runbook/words.hpp"

namespace snapcore {
namespace {

int prepare(lua_State* state) {
  define_words(state, static_cast<Session*>(lua_touserdata(state, 1)));
  return 0;
}

struct Listing {
  Session* session;
  std::vector<std::string> names = {};
};

int list_words(lua_State* state) {
  auto* listing = static_cast<Listing*>(lua_touserdata(state, 1));
  define_words(state, listing->session);
  list_globals(state, listing->names);
  return 0;
}

int run_main(lua_State* state) {
  const auto& session = *static_cast<const Session*>(lua_touserdata(state, 1));
  const Runbook::Source& main = session.sources.main();
  load_text(state, main.name.c_str(), main.text.data(), main.text.size());
  lua_call(state, 0, 0);
  return 0;
}

// The sandbox does not know that its script is a runbook.
Error as_runbook_error(Error error, const std::string& name) {
  constexpr std::string_view kSandbox = "lua.";
  if (error.code.rfind(kSandbox, 0) != 0) return error;
  error.code = "runbook." + error.code.substr(kSandbox.size());
  // Where the memory ran out Lua cannot tell; in which runbook is known.
  if (error.code == "runbook.memory") error.message = name + ": " + error.message;
  if (error.category == Category::kPermanent) error.category = Category::kPrecondition;
  return error;
}

}  // namespace

Result<Runbook> Runbook::load(const std::filesystem::path& path,
                              std::vector<std::filesystem::path> module_dirs) {
  std::error_code problem;
  if (!std::filesystem::exists(path, problem)) {
    return fail({.code = "runbook.not_found",
                 .message = "there is no runbook " + path.string(),
                 .hint = "give the path of a Lua file; a restore without one is 'snapcore restore'",
                 .category = Category::kPrecondition});
  }
  auto main = SourceSet::read(path.filename().string(), path);
  if (!main) return fail(main.error());
  const auto beside = path.parent_path();
  module_dirs.insert(module_dirs.begin(), beside.empty() ? std::filesystem::path(".") : beside);
  return Runbook(std::make_shared<SourceSet>(std::move(*main), std::move(module_dirs), false));
}

Result<Runbook> Runbook::from_text(std::string name, std::string text) {
  std::string digest = sha256_hex(text);
  return from_sources({Source{std::move(name), "", std::move(digest), std::move(text)}});
}

Result<Runbook> Runbook::from_sources(std::vector<Source> sources) {
  if (sources.empty()) return fail({.code = "runbook.not_found", .message = "there is no runbook"});
  for (const Source& source : sources) {
    if (sha256_hex(source.text) == source.sha256) continue;
    return fail(
        {.code = "runbook.changed",
         .message = "the text of '" + source.name + "' is not the one its digest was made of",
         .category = Category::kCorrupt});
  }
  auto set = std::make_shared<SourceSet>(std::move(sources.front()),
                                         std::vector<std::filesystem::path>{}, true);
  for (std::size_t i = 1; i < sources.size(); ++i) set->add(std::move(sources[i]));
  return Runbook(std::move(set));
}

const std::vector<Runbook::Source>& Runbook::sources() const { return sources_->all(); }

Result<> Runbook::read_module(const std::string& name) const {
  const auto found = sources_->module(name);
  return found ? Result<>() : fail(found.error());
}

std::vector<std::string> Runbook::words(Gate& gate) {
  Sandbox sandbox({});
  SourceSet none({}, {}, true);
  const std::map<std::string, std::string> no_params;
  Session session{
      .gate = gate, .sandbox = sandbox.main(), .sources = none, .set_params = no_params};
  Listing listing{&session};
  if (!sandbox.protect(list_words, &listing)) return {};
  std::sort(listing.names.begin(), listing.names.end());
  return listing.names;
}

Result<> Runbook::run(Gate& gate, const std::map<std::string, std::string>& set_params) const {
  Sandbox sandbox(limits_, gate.seed());
  Session session{
      .gate = gate, .sandbox = sandbox.main(), .sources = *sources_, .set_params = set_params};
  traceback_.clear();
  auto ran = sandbox.protect(prepare, &session);
  if (ran) ran = sandbox.protect(run_main, &session);
  if (ran && !session.declared) {
    ran = session.declare_nothing();
    if (!ran) ran.error().message = sources_->main().name + ": " + ran.error().message;
  }
  if (ran) return {};
  traceback_ = sandbox.traceback();
  return fail(as_runbook_error(ran.error(), sources_->main().name));
}

}  // namespace snapcore
