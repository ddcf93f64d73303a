#include "cli/open_run.hpp"

#include <algorithm>

#include "cli/cut_off.hpp"
#include "cli/exit_code.hpp"
#include "cli/run_ownership.hpp"
#include "cli/text/words.hpp"
#include "journal/state_directory.hpp"
#include "plugin/search.hpp"
#include "site/run_site.hpp"

namespace snapcore {
namespace {

constexpr std::uint64_t kLargestSite = std::uint64_t{16} << 20;

// As the plan was approved with it: the file lies where anybody who can resume can edit it.
Result<Site> carried_site(FileSystem& fs, const std::filesystem::path& directory,
                          const std::string& approved) {
  const auto text = read_file(fs, directory / "site.json", kLargestSite);
  if (!text) return fail(text.error());
  const auto value = Value::parse(*text);
  if (!value) return fail(value.error());
  auto site = site_from(*value);
  if (!site || digest_of(*site) == approved) return site;
  return fail({.code = "run.site_changed",
               .message = "the site that the run carries is not the one it was approved with\n"
                          "  approved plan: SHA-256 " +
                          approved + "\n  this run: SHA-256 " + digest_of(*site) + " (" +
                          (directory / "site.json").string() + ")",
               .hint = "put the file back as it was; what is to happen elsewhere is a new run",
               .category = Category::kCorrupt});
}

// It cannot be made again: it is what was approved.
Error without_plan(const OpenRun& run, Error error) {
  error.hint = "the run goes neither on nor back without the plan it was approved with: put " +
               (run.directory / "plan.json").string() +
               " back from a copy of the state directory; what the run did, and how to put the old "
               "back by hand, is shown by\nsnapcore runs " +
               shell_word(run.id);
  return error;
}

// Where the plugins were when the run began comes last: the run may be on another machine now.
std::vector<std::filesystem::path> plugin_path(const Globals& globals, const Plan& plan) {
  auto path = plugin_search_path(globals.plugin_dirs);
  for (const PluginUse& use : plan.plugins) {
    const auto directory = std::filesystem::path(use.path).parent_path();
    if (std::find(path.begin(), path.end(), directory) == path.end()) path.push_back(directory);
  }
  return path;
}

Result<> check_plugins(Instances& instances, const Plan& plan) {
  for (const PluginUse& use : plan.plugins) {
    const auto plugin = instances.plugin(use.id);
    if (!plugin) return fail(plugin.error());
    if ((*plugin)->sha256() == use.sha256) continue;
    return fail({.code = "run.plugin_changed",
                 .message = "plugin " + use.id +
                            " is not the one the run began with\n  approved plan: SHA-256 " +
                            use.sha256 + "\n  this run: SHA-256 " + (*plugin)->sha256() + " (" +
                            (*plugin)->path().string() + ")",
                 .hint = "name the directory of the old one with --plugin-dir",
                 .category = Category::kPrecondition});
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<OpenRun>> open_run(Invocation& invocation, const std::string& id) {
  auto run = std::make_unique<OpenRun>();
  const auto state =
      find_state_directory(invocation.globals.state, StateEnvironment::of_this_process());
  if (!state) return fail(state.error());
  Runs runs(run->fs, invocation.clock, *state);
  run->id = id;
  run->state = *state;
  run->directory = runs.directory(id);
  if (auto there = runs.existing(id); !there) return fail(there.error());
  if (auto ours = check_ours(run->fs, run->state, run->directory); !ours) return fail(ours.error());
  auto lock = runs.lock(id);
  if (!lock) return fail(lock.error());
  run->lock = std::move(*lock);
  begin_what_may_be_cut_off(id, invocation.globals.typed);
  auto journal = runs.open_journal(id, [&](const Record& record) -> Result<> {
    run->history.take(record);
    return {};
  });
  if (!journal) return fail(journal.error());
  run->journal = std::move(*journal);
  auto saved = read_plan_file(run->fs, run->directory / "plan.json");
  if (!saved) return fail(without_plan(*run, saved.error()));
  run->saved = std::move(*saved);
  auto plan = with_phases(std::move(run->saved.plan), run->history);
  if (!plan) return fail(plan.error());
  run->saved.plan = std::move(*plan);
  auto site = carried_site(run->fs, run->directory, run->saved.plan.site_digest);
  if (!site) return fail(site.error());
  run->site = std::make_unique<OpenSite>(std::move(*site),
                                         plugin_path(invocation.globals, run->saved.plan));
  if (auto same = check_plugins(run->site->instances, run->saved.plan); !same)
    return fail(same.error());
  return run;
}

Result<> check_goes_on(const OpenRun& run) {
  if (run.history.run().is_null()) {
    return fail(
        {.code = "run.never_began",
         .message = "run " + run.id + " was cut off before it began; nothing was done under it",
         .hint = "start it anew",
         .category = Category::kPrecondition});
  }
  const Value& ending = run.history.ending();
  const auto exit = static_cast<ExitCode>(ending.at("exit").int_or(0));
  const bool held = exit == ExitCode::kNeedsPerson || exit == ExitCode::kInterrupted;
  if (!run.history.accepted() && (ending.is_null() || held)) return {};
  return fail({.code = "run.over",
               .message = "run " + run.id + " is over: " +
                          (run.history.accepted() ? "it was accepted" : ending.at("ending").text()),
               .hint = "this shows what it did:\nsnapcore runs " + shell_word(run.id),
               .category = Category::kPrecondition});
}

}  // namespace snapcore
