#include "journal/runs.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <map>

#include "base/host.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "journal/reader.hpp"

namespace snapcore {
namespace {

constexpr std::uint64_t kMaxNoteBytes = 4096;  // the lock and the notes of used plans
constexpr std::string_view kScratch = "scratch";
constexpr std::string_view kGoing = ".removed";  // no id has a dot, so nobody sees it as a run

// A name that stays one: ids become file names.
bool is_id(std::string_view text) {
  if (text.empty() || text.size() > 128) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

Error not_an_id(std::string_view what, std::string_view text) {
  return {.code = "state.invalid_id",
          .message = "'" + printable(text, 60) + "' is no " + std::string(what) +
                     ": it has letters, digits, - and _ only",
          .category = Category::kPrecondition};
}

// Why the state directory does not take what it must; `doing` completes "cannot DOING in STATE".
Error state_error(std::string_view doing, const Path& state, Error cause) {
  std::string code = "state.failed";
  std::string hint = cause.hint;
  const Error* first = &cause;
  while (first->cause) first = first->cause.get();
  if (first->code == "file.no_space") {
    code = "state.no_space";
    hint = "free space there, or name another state directory with --state";
  } else if (first->code == "file.not_permitted" || first->code == "file.read_only") {
    code = "state.not_writable";
    hint = "make it writable for this user, or name another state directory with --state";
  }
  return caused_by(
      {.code = std::move(code),
       .message = "cannot " + std::string(doing) + " in the state directory " + state.string(),
       .hint = std::move(hint)},
      std::move(cause));
}

Error never_began(std::string_view run_id) {
  return {.code = "journal.empty",
          .message = "run " + std::string(run_id) +
                     " was killed while it was being started; nothing was done under it",
          .category = Category::kPrecondition};
}

// Its journal was there once, whatever became of it.
Error journal_lost(const Path& place) {
  return {.code = "journal.lost",
          .message = "the journal " + (place / "journal.jsonl").string() +
                     " is empty or gone, and what lies beside it shows that the run had begun: "
                     "what was done under it is not known any more",
          .hint =
              "put a copy of the journal back if there is one; else look at everything the run "
              "acted upon (plan.json beside it says what that was)",
          .category = Category::kCorrupt};
}

// Whoever wanted to go on with it, or to take it back, learns what there is instead.
Error beyond_reading(std::string_view run_id, Error error) {
  if (error.category != Category::kCorrupt) return error;
  const std::string run(run_id);
  error.message += "\nsnapcore can neither go on with run " + run +
                   " nor take it back: what it did is not known to the end";
  error.hint +=
      (error.hint.empty() ? "" : ". ") +
      ("What can still be read, and what to do by hand, is shown by\nsnapcore runs " + run);
  return error;
}

// A note that another process may be writing just now: what cannot be read says nothing.
Value read_note(FileSystem& fs, const Path& path) {
  const auto text = read_file(fs, path, kMaxNoteBytes);
  if (!text) return {};
  auto value = Value::parse(*text);
  return value ? std::move(*value) : Value();
}

std::string in_words(const LockHolder& holder) {
  if (holder.pid <= 0) return " in another process";
  std::string words = " in process " + std::to_string(holder.pid);
  if (!holder.host.empty()) words += " on " + printable(holder.host, 64);
  if (!holder.since.empty()) words += ", since " + printable(holder.since, 32);
  return words;
}

bool is_code_name(const std::string& name) {
  const Path path = name;
  if (path.empty() || path.is_absolute() || !path.has_filename()) return false;
  return std::none_of(path.begin(), path.end(),
                      [](const Path& part) { return part == ".." || part == "."; });
}

Result<> write_run_files(FileSystem& fs, const Path& directory, const RunFiles& files) {
  if (auto made = create_file(fs, directory / "plan.json", files.plan); !made) return made;
  if (auto made = create_file(fs, directory / "site.json", files.site); !made) return made;
  for (const auto& [name, text] : files.code) {
    if (!is_code_name(name)) {
      return fail({.code = "state.invalid_name",
                   .message = "'" + printable(name) + "' cannot be the name of a copied runbook",
                   .category = Category::kInternal});
    }
    const Path path = directory / "code" / name;
    if (auto made = make_directories(fs, path.parent_path()); !made) return made;
    if (auto made = create_file(fs, path, text); !made) return made;
  }
  return {};
}

std::optional<Error> error_in(const Value& body, const char* name) {
  return body.has(name) ? std::optional(error_from(body.at(name))) : std::nullopt;
}

// All of it was taken back: of the exit codes of a run these two say so.
bool is_undone(int exit) { return exit == 2 || exit == 5; }

// What is told of a run, record by record.
class Telling {
 public:
  explicit Telling(RunSummary& run) : run_(run) {}

  void take(const Record& record) {
    const Value& body = record.body;
    if (record.type == record::kRun) {
      run_.runbook = body.at("runbook").text();
      run_.summary = body.at("summary").text();
      run_.started = record.at;
    } else if (record.type == record::kEnd) {
      take_end(record);
    } else if (record.type == record::kResume) {
      take_resume(body);
    } else if (record.type == record::kAccept) {
      run_.accepted_by = body.at("who").string_or(by_);
      run_.ended.reset();
    }
  }

 private:
  void take_end(const Record& record) {
    const Value& body = record.body;
    const int exit = static_cast<int>(body.at("exit").int_or(-1));
    run_.ended = record.at;
    run_.rollback_error = error_in(body, "rollback_error");
    // How the run itself ended is known, and journals there are that have the end of the acceptance
    // in its place.
    if (why_ == "accept" && run_.exit) return;
    run_.ending = body.at("ending").text();
    run_.exit = exit;
    run_.error = error_in(body, "error");
    if (why_ == "rollback" && is_undone(exit)) run_.taken_back_by = by_;
  }
  void take_resume(const Value& body) {
    why_ = body.at("why").text();
    by_ = body.at("operator").text();
    if (why_ == "accept") return;  // what is not accepted yet is as it was
    run_.ended.reset();
    run_.ending.clear();
    run_.exit.reset();
    run_.error.reset();
    run_.rollback_error.reset();
  }

  RunSummary& run_;
  std::string why_;
  std::string by_;
};

Result<std::uint64_t> bytes_below(FileSystem& fs, const Path& path) {
  const auto status = fs.status(path);
  if (!status) return fail(status.error());
  if (!*status) return 0;
  if ((*status)->kind != FileKind::kDirectory) return (*status)->size;
  const auto names = fs.list(path);
  if (!names) return fail(names.error());
  std::uint64_t bytes = 0;
  for (const std::string& name : *names) {
    const auto below = bytes_below(fs, path / name);
    if (!below) return below;
    bytes += *below;
  }
  return bytes;
}

// "20260102T030405Z", with which a run id begins.
constexpr std::size_t kStampLength = 16;

// Written once, when the run starts; of one without it, the directory.
std::int64_t began_ns(FileSystem& fs, const Path& directory) {
  for (const Path& path : {directory / "site.json", directory}) {
    if (const auto status = fs.status(path); status && *status) return (*status)->modified_ns;
  }
  return 0;
}

// Ids are sorted by their seconds already; within one the rest of an id says nothing.
void sort_within_seconds(FileSystem& fs, const Path& runs, std::vector<std::string>& ids) {
  const auto second = [](const std::string& id) { return id.substr(0, kStampLength); };
  for (auto begin = ids.begin(); begin != ids.end();) {
    const auto end = std::find_if(
        begin, ids.end(), [&](const std::string& id) { return second(id) != second(*begin); });
    if (end - begin > 1) {
      std::map<std::string, std::int64_t> began;
      for (auto id = begin; id != end; ++id) began[*id] = began_ns(fs, runs / *id);
      std::stable_sort(begin, end, [&](const std::string& one, const std::string& other) {
        return began[one] > began[other];
      });
    }
    begin = end;
  }
}

// Without taking the lock: a run that starts at this moment must not be turned away.
bool holds_lock(FileSystem& fs, const Path& path) {
  const Value note = read_note(fs, path);
  const auto pid = static_cast<pid_t>(note.at("pid").int_or(0));
  return note.at("host").text() == host_name() && pid > 0 &&
         (::kill(pid, 0) == 0 || errno == EPERM);
}

}  // namespace

Runs::Runs(FileSystem& fs, const Clock& clock, Path state)
    : fs_(fs), clock_(clock), state_(std::move(state)) {}

Result<std::string> Runs::new_id() {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const auto random = random_hex(4);
    if (!random) return random;
    std::string id = to_stamp(clock_.now()) + "-" + *random;
    const auto taken = fs_.status(directory(id));
    if (!taken) return fail(state_error("choose a run id", state_, taken.error()));
    if (!*taken) return id;
  }
  return fail({.code = "state.no_free_id",
               .message = "no free run id in " + (state_ / "runs").string(),
               .category = Category::kInternal});
}

Result<std::unique_ptr<FileLock>> Runs::lock(std::string_view run_id) {
  const auto place = existing(run_id);
  if (!place) return fail(place.error());
  const Path path = *place / "lock";
  auto lock = fs_.lock(path);
  if (!lock && lock.error().code == "file.locked") {
    const Value note = read_note(fs_, path);
    const LockHolder holder{.pid = note.at("pid").int_or(0),
                            .host = note.at("host").text(),
                            .since = note.at("since").text()};
    return fail({.code = "state.locked",
                 .message = "run " + std::string(run_id) + " goes on" + in_words(holder),
                 .hint = "wait until it has ended; this shows what it does:\nsnapcore runs " +
                         std::string(run_id),
                 .category = Category::kConflict});
  }
  if (!lock) return fail(state_error("take the lock", state_, lock.error()));
  const Value note = Value::object({{"pid", static_cast<std::int64_t>(::getpid())},
                                    {"host", host_name()},
                                    {"since", to_rfc3339(clock_.now())}});
  if (auto written = (*lock)->write(note.dump() + "\n"); !written) {
    return fail(state_error("take the lock", state_, written.error()));
  }
  return lock;
}

Result<std::unique_ptr<Journal>> Runs::open_journal(std::string_view run_id,
                                                    const VisitRecord& visitor) {
  const auto place = existing(run_id);
  if (!place) return fail(place.error());
  auto journal = Journal::open(fs_, *place / "journal.jsonl", clock_, visitor);
  if (!journal) return fail(beyond_reading(run_id, why_without_records(run_id, journal.error())));
  return journal;
}

Result<StartedRun> Runs::start(std::string_view run_id, const RunFiles& files) {
  if (!is_id(run_id)) return fail(not_an_id("run id", run_id));
  const Path place = directory(run_id);
  const auto failed = [&](const Error& error) {
    return fail(state_error("start run " + std::string(run_id), state_, error));
  };
  if (auto made = make_directories(fs_, place.parent_path()); !made) return failed(made.error());
  if (auto made = fs_.make_directory(place); !made) {
    if (made.error().code != "file.exists") return failed(made.error());
    return fail(
        {.code = "state.run_exists",
         .message = "there is already a run " + std::string(run_id) + " in " + state_.string(),
         .category = Category::kConflict});
  }
  auto written = fs_.sync_directory(place.parent_path());
  if (written) written = write_run_files(fs_, place, files);
  if (written) {
    auto journal = Journal::create(fs_, place / "journal.jsonl", clock_);
    if (journal) return StartedRun{std::string(run_id), place, std::move(*journal)};
    written = fail(journal.error());
  }
  // It never began. What cannot be removed, on a failing disk, is listed as such.
  (void)remove_tree(fs_, place);
  return failed(written.error());
}

Result<Path> Runs::scratch(std::string_view run_id) {
  Path place = directory(run_id) / kScratch;
  if (auto made = make_directories(fs_, place); !made)
    return fail(state_error("make a scratch directory", state_, made.error()));
  return place;
}

Result<> Runs::use_plan(std::string_view plan_id, std::string_view run_id) {
  if (!is_id(plan_id)) return fail(not_an_id("plan id", plan_id));
  const Path path = state_ / "plans" / (std::string(plan_id) + ".json");
  if (auto made = make_directories(fs_, path.parent_path()); !made) {
    return fail(state_error("note that the plan is used", state_, made.error()));
  }
  const Value note =
      Value::object({{"plan", plan_id}, {"run", run_id}, {"used", to_rfc3339(clock_.now())}});
  auto done = publish_file(fs_, path, note.dump() + "\n");
  if (done) return {};
  if (done.error().code != "file.exists") {
    return fail(state_error("note that the plan is used", state_, done.error()));
  }
  const Value first = read_note(fs_, path);
  std::string words = "this plan was already used";
  if (first.at("run").is_string()) words += " by run " + printable(first.at("run").text(), 128);
  if (first.at("used").is_string()) words += " on " + printable(first.at("used").text(), 32);
  return fail({.code = "plan.already_used",
               .message = std::move(words) + "; a plan is used once",
               .hint = "make a new one with 'snapcore plan'",
               .category = Category::kConflict});
}

Result<std::optional<std::string>> Runs::plan_used_by(std::string_view plan_id) {
  if (!is_id(plan_id)) return fail(not_an_id("plan id", plan_id));
  const Path path = state_ / "plans" / (std::string(plan_id) + ".json");
  const auto there = fs_.status(path);
  if (!there) return fail(state_error("look for used plans", state_, there.error()));
  if (!*there) return std::nullopt;
  return read_note(fs_, path).at("run").string_or("unknown");
}

Result<std::vector<std::string>> Runs::ids() {
  const Path place = state_ / "runs";
  const auto there = fs_.status(place);
  if (!there) return fail(state_error("list the runs", state_, there.error()));
  std::vector<std::string> ids;
  if (!*there) return ids;
  auto names = fs_.list(place);
  if (!names) return fail(state_error("list the runs", state_, names.error()));
  std::sort(names->begin(), names->end(), std::greater<>());  // ids begin with their time
  std::copy_if(names->begin(), names->end(), std::back_inserter(ids),
               [](const std::string& name) { return is_id(name); });
  sort_within_seconds(fs_, place, ids);
  return ids;
}

Result<std::vector<RunSummary>> Runs::list() {
  const auto names = ids();
  if (!names) return fail(names.error());
  std::vector<RunSummary> runs;
  for (const std::string& name : *names) runs.push_back(summarise(name));
  return runs;
}

Result<std::uint64_t> Runs::bytes_of(std::string_view run_id) {
  const auto place = existing(run_id);
  if (!place) return fail(place.error());
  return bytes_below(fs_, *place);
}

Result<std::uint64_t> Runs::remove(std::string_view run_id) {
  const auto bytes = bytes_of(run_id);
  if (!bytes) return bytes;
  const auto failed = [&](const Error& error) {
    return fail(state_error("remove run " + std::string(run_id), state_, error));
  };
  const Path place = directory(run_id);
  if (auto swept = sweep(); !swept) return failed(swept.error());
  const Path going = place.parent_path() / (std::string(run_id) + std::string(kGoing));
  if (auto hidden = fs_.rename(place, going); !hidden) return failed(hidden.error());
  if (auto synced = fs_.sync_directory(place.parent_path()); !synced) return failed(synced.error());
  if (auto gone = remove_tree(fs_, going); !gone) return failed(gone.error());
  return bytes;
}

// What a crash left of runs that were being removed.
Result<> Runs::sweep() {
  const Path place = state_ / "runs";
  const auto names = fs_.list(place);
  if (!names) return fail(names.error());
  for (const std::string& name : *names) {
    if (!name.ends_with(kGoing)) continue;
    if (auto gone = remove_tree(fs_, place / name); !gone) return gone;
  }
  return {};
}

Result<RunSummary> Runs::summary(std::string_view run_id) {
  const auto place = existing(run_id);
  if (!place) return fail(place.error());
  return summarise(std::string(run_id));
}

Result<Path> Runs::existing(std::string_view run_id) {
  if (!is_id(run_id)) return fail(not_an_id("run id", run_id));
  const Path place = directory(run_id);
  const auto there = fs_.status(place);
  if (!there)
    return fail(state_error("look for run " + std::string(run_id), state_, there.error()));
  if (*there) return place;
  return fail({.code = "state.unknown_run",
               .message = "there is no run " + std::string(run_id) + " in " + state_.string(),
               .hint = "'snapcore runs' lists them",
               .category = Category::kPrecondition});
}

Error Runs::why_without_records(std::string_view run_id, Error error) {
  if (error.code != "file.not_found" && error.code != "journal.empty") return error;
  const auto scratch = fs_.status(directory(run_id) / kScratch);
  const bool began = !scratch || scratch->has_value();
  return began ? journal_lost(directory(run_id)) : never_began(run_id);
}

RunSummary Runs::summarise(const std::string& run_id) {
  RunSummary run{.id = run_id, .directory = directory(run_id)};
  Telling telling(run);
  const auto take = [&](const Record& record) {
    // What is known so far stays known when a later line is damaged.
    run.head = {record.seq, record.hash};
    run.records = record.seq;
    telling.take(record);
    return Result<>();
  };
  const auto extent =
      read_journal(fs_, run.directory / "journal.jsonl", take, [](std::string_view type) {
        return type == record::kRun || type == record::kEnd || type == record::kResume ||
               type == record::kAccept;
      });
  if (extent) {
    run.head = extent->head;
    run.dropped_bytes = extent->dropped_bytes;
  } else {
    run.problem = why_without_records(run_id, extent.error());
  }
  if (!run.ended) run.goes_on = holds_lock(fs_, run.directory / "lock");
  return run;
}

}  // namespace snapcore
