#include "cli/prune_runs.hpp"

#include <charconv>
#include <set>

#include "base/real_file_system.hpp"
#include "base/text.hpp"
#include "cli/run_state.hpp"
#include "cli/text/words.hpp"
#include "engine/history.hpp"
#include "engine/undo_stack.hpp"
#include "journal/runs.hpp"
#include "journal/state_directory.hpp"
#include "lease/file_store.hpp"

namespace snapcore {
namespace {

// A run without a journal may be one that is just being started.
constexpr std::chrono::hours kLongestStart(1);

struct Wish {
  std::optional<std::chrono::seconds> older_than = {};
  std::size_t keep = 0;
  bool give_up = false;
  bool yes = false;
};

Error bad_value(std::string message, std::string hint) {
  return {.code = "arguments.bad_value", .message = std::move(message), .hint = std::move(hint)};
}

Result<Wish> wish_of(const Options& options) {
  Wish wish{.give_up = options.has("give-up-way-back"), .yes = options.has("yes")};
  const auto age = options.get("older-than");
  const auto keep = options.get("keep");
  if (!age && !keep) {
    return fail(bad_value("prune needs to know which runs: --older-than AGE, --keep N, or both",
                          "for example 'snapcore runs prune --older-than 90d --keep 20'"));
  }
  if (age) wish.older_than = parse_duration(*age);
  if (age && !wish.older_than)
    return fail(bad_value("--older-than " + *age + " is not a time", "write it as 30d or 12w"));
  if (!keep) return wish;
  const auto read = std::from_chars(keep->data(), keep->data() + keep->size(), wish.keep);
  if (read.ec != std::errc() || read.ptr != keep->data() + keep->size())
    return fail(bad_value("--keep " + *keep + " is not a number", "write it as 20"));
  return wish;
}

// The ids of runs that hold a lease, and what a store that cannot be read means: all may.
Result<std::set<std::string>> holders(FileSystem& fs, const Path& state) {
  RealSleeper sleeper;
  auto known = FileLeaseStore(fs, state / "leases", sleeper).list();
  if (!known) return fail(known.error());
  if (!known->damaged.empty()) return fail(known->damaged.front());
  std::set<std::string> runs;
  for (const Lease& lease : known->leases) {
    if (!lease.released) runs.insert(lease.holder.run);
  }
  return runs;
}

// When it ended; of one without a journal when it was started, which its id says.
std::optional<Time> age_begins(const RunSummary& run) {
  if (run.ended) return run.ended;
  if (run.started) return run.started;
  if (run.id.size() < 16) return std::nullopt;
  const std::string& id = run.id;  // 20260102T030405Z-abcd
  return parse_time(id.substr(0, 4) + "-" + id.substr(4, 2) + "-" + id.substr(6, 2) + "T" +
                    id.substr(9, 2) + ":" + id.substr(11, 2) + ":" + id.substr(13, 2) + "Z");
}

class Pruning {
 public:
  Pruning(Invocation& invocation, FileSystem& fs, Runs& runs, const Wish& wish,
          std::set<std::string> holders)
      : invocation_(invocation),
        output_(invocation.output),
        fs_(fs),
        runs_(runs),
        wish_(wish),
        holders_(std::move(holders)) {}

  Result<ExitCode> over(const std::vector<RunSummary>& list) {
    for (std::size_t i = wish_.keep; i < list.size(); ++i) {
      if (invocation_.cancelled) break;
      if (!is_old(list[i])) continue;
      if (auto done = look(list[i]); !done) return fail(done.error());
    }
    return tell_the_end();
  }

 private:
  bool is_old(const RunSummary& run) const {
    const auto since = age_begins(run);
    const auto age = since ? invocation_.clock.now() - *since : std::chrono::seconds(0);
    if (never_began(run) && age < kLongestStart) return false;
    return !wish_.older_than || age >= *wish_.older_than;
  }

  Result<> look(const RunSummary& run) {
    std::unique_ptr<FileLock> lock;
    if (wish_.yes) {
      auto taken = runs_.lock(run.id);
      if (!taken && taken.error().code == "state.locked")
        return stays(run, {"it still goes on", ""});
      if (!taken) return fail(taken.error());
      lock = std::move(*taken);
    }
    // Under the lock once more: it may have been gone on with since it was listed.
    const auto now = wish_.yes ? runs_.summary(run.id) : Result<RunSummary>(run);
    if (!now) return fail(now.error());
    const auto why = why_it_stays(*now, lock != nullptr);
    if (!why.why.empty()) return stays(*now, why);
    return goes(*now);
  }

  // Why it stays, and a command that belongs to it.
  struct Stays {
    std::string why = {};  // "" when it may go
    std::string command = {};
  };

  Stays why_it_stays(const RunSummary& run, bool locked_by_us) {
    const bool holds = holders_.count(run.id) > 0;
    if (never_began(run) && holds)
      return {
          "it was killed while it was being started, and still holds leases; the next run that "
          "needs what they are on takes them over",
          ""};
    if (never_began(run)) return {};
    if (run.problem && run.problem->code == "journal.lost")
      return {"its journal is empty or gone, so what it did is not known", "runs " + run.id};
    if (run.problem)
      return {"its journal cannot be read, so what it did is not known", "audit " + run.id};
    if (run.goes_on && !locked_by_us) return {"it still goes on", ""};
    if (run.accepted_by) return why_an_accepted_one_stays(run, holds);
    if (holds && is_over(run))
      return {
          "it is over, and still holds leases; the next run that needs what they are on takes "
          "them over",
          ""};
    if (holds) return {"it holds leases; resume it or take it back", "runs " + run.id};
    if (!run.ended) return {"it was cut off; resume it or take it back", "runs " + run.id};
    const auto exit = static_cast<ExitCode>(run.exit.value_or(0));
    if (exit == ExitCode::kNeedsPerson || exit == ExitCode::kInterrupted)
      return {"it stands half way; resume it or take it back", "runs " + run.id};
    return why_its_acts_stay(run);
  }

  Stays why_an_accepted_one_stays(const RunSummary& run, bool holds) {
    if (holds || !run.ended || run.rollback_error)
      return {"not all that it kept is gone yet; accept it again", "accept " + run.id};
    return why_its_acts_stay(run);
  }

  Stays why_its_acts_stay(const RunSummary& run) {
    History history;
    const auto read =
        read_journal(fs_, run.directory / "journal.jsonl", [&](const Record& record) -> Result<> {
          history.take(record);
          return {};
        });
    if (!read) return {"its journal cannot be read", "audit " + run.id};
    std::size_t standing = 0;
    for (const PastCall& call : history.calls()) {
      if (call.is_act && call.in_doubt() && !history.accepted())
        return {"call " + call.id + " is in doubt", "runs " + run.id};
      if (call.parent.empty() && leaves_something(call)) ++standing;
    }
    if (history.accepted() || standing == 0 || wish_.give_up) return {};
    return {"it can still be taken back; this lets go of what it kept:", "accept " + run.id};
  }

  Result<> stays(const RunSummary& run, const Stays& reason) {
    ++stay_;
    output_.event("run",
                  Value::object({{"run", run.id}, {"state", "stays"}, {"reason", reason.why}}));
    if (output_.json()) return {};
    page_.line(2, run.id + " stays: " + reason.why, Tone::kDim);
    if (!reason.command.empty())
      page_.verbatim(4, "snapcore" + invocation_.globals.typed + " " + reason.command, Tone::kDim);
    return {};
  }

  Result<> goes(const RunSummary& run) {
    const auto bytes = wish_.yes ? runs_.remove(run.id) : runs_.bytes_of(run.id);
    if (!bytes) return fail(bytes.error());
    ++gone_;
    bytes_ += *bytes;
    output_.event("run", Value::object({{"run", run.id},
                                        {"state", wish_.yes ? "removed" : "would_be_removed"},
                                        {"bytes", *bytes}}));
    if (!output_.json()) {
      page_.line(2, run.id + "  " + describe_bytes(*bytes) +
                        (never_began(run)      ? "  never begun"
                         : run.summary.empty() ? ""
                                               : "  " + run.summary));
    }
    return {};
  }

  Result<ExitCode> tell_the_end() {
    output_.add_to_result("removed", wish_.yes ? gone_ : 0);
    output_.add_to_result("would_be_removed", wish_.yes ? 0 : gone_);
    output_.add_to_result("bytes", bytes_);
    output_.add_to_result("stay", stay_);
    if (output_.json()) return ExitCode::kDone;
    const std::string count = describe_count(gone_, "run") + ", " + describe_bytes(bytes_);
    Page page(output_.out_style());
    page.line(0, (wish_.yes ? "Removed " : "Would remove ") + count, Tone::kBold);
    output_.print(page.text() + page_.text());
    if (gone_ > 0 && !wish_.yes) output_.say("To do it, give the command again with --yes.\n");
    return ExitCode::kDone;
  }

  Invocation& invocation_;
  Output& output_;
  FileSystem& fs_;
  Runs& runs_;
  const Wish& wish_;
  const std::set<std::string> holders_;
  Page page_{output_.out_style()};
  std::uint64_t gone_ = 0, stay_ = 0, bytes_ = 0;
};

}  // namespace

Result<ExitCode> prune_runs(Invocation& invocation) {
  const auto wish = wish_of(invocation.options);
  if (!wish) return fail(wish.error());
  RealFileSystem fs;
  const auto state =
      find_state_directory(invocation.globals.state, StateEnvironment::of_this_process());
  if (!state) return fail(state.error());
  Runs runs(fs, invocation.clock, *state);
  auto holding = holders(fs, *state);
  if (!holding) return fail(holding.error());
  const auto list = runs.list();
  if (!list) return fail(list.error());
  return Pruning(invocation, fs, runs, *wish, std::move(*holding)).over(*list);
}

}  // namespace snapcore
