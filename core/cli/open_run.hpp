// A run that is gone on with, taken back, or decided about: what it carries, opened again.
#pragma once

#include <memory>
#include <string>

#include "base/real_file_system.hpp"
#include "cli/command.hpp"
#include "cli/open_site.hpp"
#include "cli/plan_file.hpp"
#include "engine/history.hpp"
#include "journal/runs.hpp"

namespace snapcore {

struct OpenRun {
  std::string id;
  std::filesystem::path state;
  std::filesystem::path directory;
  std::unique_ptr<FileLock> lock;
  std::unique_ptr<Journal> journal;
  History history;
  SavedPlan saved;
  std::unique_ptr<OpenSite> site;
  RealFileSystem fs;

  std::filesystem::path journal_path() const { return directory / "journal.jsonl"; }
};

// Takes the lock, verifies the journal, cuts an unfinished record off. Nothing outside of the run's
// directory is read but the plugins, and these must be the files the run began with.
// "state.unknown_run", "state.locked", "journal.corrupt", "run.plugin_changed".
Result<std::unique_ptr<OpenRun>> open_run(Invocation& invocation, const std::string& id);

// "run.over" when there is nothing to go on with: it ended by itself, or was accepted;
// "run.never_began".
Result<> check_goes_on(const OpenRun& run);

}  // namespace snapcore
