// The runs in a state directory: STATE/runs/ID/{journal.jsonl, plan.json, site.json, code/, lock},
// the lock admitting one process at a time to a run, and the saved plans that were used
// (STATE/plans/ID.json).
//
// Looking changes nothing and makes nothing, not even directories. What is made is private to its
// owner. "state.not_writable" and "state.no_space" say what the state directory lacks.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/file_system.hpp"
#include "journal/journal.hpp"

namespace snapcore {

// What a run carries, so that it can be looked at and resumed without anything outside.
struct RunFiles {
  struct Code {
    std::string name;  // relative, below code/: "full-site.lua", "lib/site.lua"
    std::string text;
  };
  std::string plan;  // JSON
  std::string site;  // JSON, resolved, secrets as references
  std::vector<Code> code = {};
};

struct StartedRun {
  std::string id;
  Path directory;
  std::unique_ptr<Journal> journal;
};

// One run as `runs` shows it. What its journal does not say is empty.
struct RunSummary {
  std::string id = {};
  Path directory = {};
  std::string runbook = {};
  std::string summary = {};
  std::optional<Time> started = {};
  std::optional<Time> ended = {};  // none: still going on, or it was killed
  bool goes_on = false;            // as far as the lock and the processes of this machine say
  std::string ending = {};         // in words, of the record "end"
  std::optional<int> exit = {};
  std::optional<Error> error = {};           // what it ended with
  std::optional<Error> rollback_error = {};  // what stopped its way back, or its acceptance
  std::optional<std::string> accepted_by = {};
  std::optional<std::string> taken_back_by = {};  // as they asked for it
  JournalHead head = {};
  std::uint64_t records = 0;
  std::uint64_t dropped_bytes = 0;
  std::optional<Error> problem = {};  // why its journal cannot be read to its end
};

// Which process is at a run, as written in the lock.
struct LockHolder {
  std::int64_t pid = 0;
  std::string host = {};
  std::string since = {};  // RFC 3339
};

class Runs {
 public:
  // `state` need not exist.
  Runs(FileSystem& fs, const Clock& clock, Path state);

  const Path& state() const { return state_; }
  Path directory(std::string_view run_id) const { return state_ / "runs" / run_id; }

  // An id nobody has: "20260102T030405Z-abcd", so that names sort by time.
  Result<std::string> new_id();

  // Admits this process alone to a run that was started, until the returned lock is destroyed or
  // the process ends. "state.locked" (Category::kConflict) names who is in; "state.unknown_run".
  Result<std::unique_ptr<FileLock>> lock(std::string_view run_id);

  // Its journal, opened as Journal::open does it, under the lock. "journal.empty" also when the run
  // was killed before it had one, "journal.lost" when it has none any more; "state.unknown_run".
  Result<std::unique_ptr<Journal>> open_journal(std::string_view run_id,
                                                const VisitRecord& visitor);

  // The directory of a new run with its files and an empty journal, all durable. The journal comes
  // last: a run without one never began. "state.run_exists".
  Result<StartedRun> start(std::string_view run_id, const RunFiles& files);

  // Where its calls get their scratch directories. It is made once a run has its journal, so that
  // one without a journal that has it has lost it.
  Result<Path> scratch(std::string_view run_id);

  // Marks a saved plan as used by this run, durably. "plan.already_used" names the run that used
  // it; of several at once one wins.
  Result<> use_plan(std::string_view plan_id, std::string_view run_id);
  // The run that used it, if any.
  Result<std::optional<std::string>> plan_used_by(std::string_view plan_id);

  // Newest first, their journals not looked at.
  Result<std::vector<std::string>> ids();

  // The directory of a run, its journal not looked at. "state.unknown_run".
  Result<Path> existing(std::string_view run_id);

  // Newest first. A run whose journal is damaged is in the list with its problem.
  Result<std::vector<RunSummary>> list();

  // What its directory takes, without what directories themselves take.
  Result<std::uint64_t> bytes_of(std::string_view run_id);
  // Removes it for ever, to be called under its lock; says how many bytes that were. It is gone at
  // once for everybody who looks; what a crash leaves of it goes with the next one.
  Result<std::uint64_t> remove(std::string_view run_id);

  // Of a run whose journal gave this error: where it has no records, whether it never began
  // ("journal.empty") or has lost them ("journal.lost").
  Error why_without_records(std::string_view run_id, Error error);

  // "state.unknown_run". A damaged journal is no error here either.
  Result<RunSummary> summary(std::string_view run_id);

 private:
  Result<> sweep();
  RunSummary summarise(const std::string& run_id);

  FileSystem& fs_;
  const Clock& clock_;
  Path state_;
};

}  // namespace snapcore
