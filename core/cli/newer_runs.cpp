#include "cli/newer_runs.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "cli/exit_code.hpp"
#include "cli/progress.hpp"
#include "cli/run_leases.hpp"
#include "cli/text/words.hpp"
#include "engine/undo_stack.hpp"

namespace snapcore {
namespace {

struct NewerRun {
  std::string id;
  std::string resource;  // the first of those that both acted on
  Claim claim;
  bool accepted = false;
  bool goes_on = false;
};

// What a restore brought aside touches nothing live.
bool is_staged(const Plan& plan, const PastCall& past) {
  return std::any_of(
      plan.restores.begin(), plan.restores.end(),
      [&](const PlannedRestore& restore) { return past.id == restore.id + ".stage"; });
}

bool is_undone(const History& history, const PastCall& past) {
  const PastCall* outer = past.parent.empty() ? nullptr : history.find(past.parent);
  return past.undone || (outer && is_undone(history, *outer));
}

bool stands(const Plan& plan, const History& history, const PastCall& past) {
  return leaves_something(past) && !is_undone(history, past) && !is_staged(plan, past);
}

class Looked {
 public:
  Looked(FileSystem& fs, const Path& directory) : fs_(fs), directory_(directory) {
    const auto read = read_journal(fs, directory / "journal.jsonl", [&](const Record& record) {
      history_.take(record);
      return Result<>();
    });
    damaged_ = !read;
  }

  const History& history() const { return history_; }

  // What its standing acts are on; where that cannot be told, all it had leases on.
  std::set<std::string> acted_on() const {
    std::set<std::string> keys;
    const auto exit = static_cast<ExitCode>(history_.ending().at("exit").int_or(0));
    if (!damaged_ && (exit == ExitCode::kUndone || exit == ExitCode::kFailedUntouched)) return keys;
    const auto plan = read_plan();
    if (damaged_ || !plan) {
      for (const auto& [key, claim] : history_.claims()) keys.insert(key);
      return keys;
    }
    const PlanIndex index(*plan);
    for (const PastCall& past : history_.calls()) {
      if (!stands(*plan, history_, past)) continue;
      if (const PlannedCall* shown = shown_as(index, history_, past)) {
        for (std::string& key : lease_keys(*shown)) keys.insert(std::move(key));
      }
    }
    return keys;
  }

 private:
  Result<Plan> read_plan() const {
    auto saved = read_plan_file(fs_, directory_ / "plan.json");
    if (!saved) return fail(saved.error());
    return with_phases(std::move(saved->plan), history_);
  }

  FileSystem& fs_;
  const Path directory_;
  History history_;
  bool damaged_ = false;
};

std::optional<NewerRun> newer_run(const RunInView& run, const std::string& id,
                                  const Path& directory) {
  const Looked other(run.fs, directory);
  std::optional<NewerRun> newer;
  std::optional<std::set<std::string>> acted_on;
  for (const auto& [key, claim] : run.history.claims()) {
    const auto theirs = other.history().claims().find(key);
    if (theirs == other.history().claims().end() || !(claim < theirs->second)) continue;
    if (!acted_on) acted_on = other.acted_on();
    if (acted_on->count(key) == 0) continue;
    if (!newer)
      newer = NewerRun{.id = id,
                       .resource = key,
                       .claim = theirs->second,
                       .accepted = other.history().accepted()};
    newer->claim = std::max(newer->claim, theirs->second);
  }
  return newer;
}

std::string named(const std::vector<NewerRun>& runs) {
  std::string words = runs.size() == 1 ? "run " : "runs ";
  for (std::size_t at = 0; at < runs.size(); ++at) {
    if (at > 0) words += at + 1 == runs.size() ? " and " : ", ";
    words += runs[at].id;
  }
  return words;
}

std::string hint_for(const RunInView& run, const std::vector<NewerRun>& newer) {
  const std::string stay = "\nsnapcore accept " + run.id +
                           "     # lets go of what this run kept, and keeps what they did";
  const auto is = [&](bool NewerRun::*what) {
    return std::find_if(newer.begin(), newer.end(),
                        [&](const NewerRun& each) { return each.*what; });
  };
  if (const auto going = is(&NewerRun::goes_on); going != newer.end()) {
    return "run " + going->id +
           " still goes on: wait for it with --lock-wait, for instance --lock-wait 10m; whether it "
           "leaves anything is known then";
  }
  if (const auto accepted = is(&NewerRun::accepted); accepted != newer.end()) {
    return "run " + accepted->id + " was accepted, so there is no way back behind it" +
           "\nsnapcore runs " + run.id + "       # shows what this run kept" + stay;
  }
  std::string commands;
  for (const NewerRun& each : newer) commands += "\nsnapcore rollback " + each.id;
  return "take back first what came later, in this order, or keep it:" + commands + stay;
}

}  // namespace

RunInView in_view(OpenRun& run) { return {run.id, run.state, run.fs, run.saved.plan, run.history}; }

bool stands_live(const Plan& plan, const History& history) {
  const auto& calls = history.calls();
  const auto& parts = history.parts();
  return std::any_of(calls.begin(), calls.end(),
                     [&](const PastCall& past) { return stands(plan, history, past); }) ||
         std::any_of(parts.begin(), parts.end(),
                     [](const auto& part) { return part.second.registered; });
}

namespace {

Result<std::vector<NewerRun>> find_newer(Invocation& invocation, const RunInView& run) {
  std::vector<NewerRun> newer;
  if (run.history.claims().empty()) return newer;
  Runs runs(run.fs, invocation.clock, run.state);
  const auto ids = runs.ids();
  if (!ids) return fail(ids.error());
  for (const std::string& id : *ids) {
    if (id == run.id) continue;
    auto found = newer_run(run, id, runs.directory(id));
    if (!found) continue;
    const auto summary = runs.summary(id);
    found->goes_on = summary && summary->goes_on;
    newer.push_back(std::move(*found));
  }
  std::sort(newer.begin(), newer.end(),
            [](const NewerRun& one, const NewerRun& two) { return two.claim < one.claim; });
  return newer;
}

const NewerRun& going(const std::vector<NewerRun>& newer) {
  return *std::find_if(newer.begin(), newer.end(),
                       [](const NewerRun& each) { return each.goes_on; });
}

bool any_goes_on(const std::vector<NewerRun>& newer) {
  return std::any_of(newer.begin(), newer.end(), [](const NewerRun& each) { return each.goes_on; });
}

// While one of them goes on nobody knows what it leaves; as long as is asked for that is waited
// for.
Result<std::vector<NewerRun>> newer_when_they_ended(Invocation& invocation, const RunInView& run) {
  const auto wish = lease_wish(invocation.options);
  if (!wish) return fail(wish.error());
  RealSleeper sleeper;
  const Stopwatch now = steady_stopwatch();
  const double began = now();
  bool told = false;
  for (;;) {
    auto newer = find_newer(invocation, run);
    if (!newer || !any_goes_on(*newer)) return newer;
    if (now() - began >= static_cast<double>(wish->wait.count())) return newer;
    if (!std::exchange(told, true)) {
      invocation.output.say("run " + going(*newer).id + " still goes on: waits for it\n");
    }
    if (!sleeper.sleep(std::chrono::seconds(1), invocation.cancelled)) {
      return fail({.code = "run.interrupted",
                   .message = "interrupted while waiting for run " + going(*newer).id +
                              "; nothing was begun",
                   .hint = "give the command again when you are ready",
                   .category = Category::kTransient});
    }
  }
}

Result<> refusal(const RunInView& run, const Result<std::vector<NewerRun>>& newer) {
  if (!newer) return fail(newer.error());
  if (newer->empty()) return {};
  const bool stands = !any_goes_on(*newer);
  return fail({.code = "run.newer_run",
               .message = "what run " + run.id + " did on " + printable(newer->front().resource) +
                          " is not the last that was done there: " + named(*newer) +
                          " acted on it later" + (stands ? ", and that stands" : ""),
               .hint = hint_for(run, *newer),
               .category = Category::kPrecondition});
}

}  // namespace

Result<> check_nothing_newer(Invocation& invocation, OpenRun& run) {
  const RunInView seen = in_view(run);
  return refusal(seen, newer_when_they_ended(invocation, seen));
}

Result<> check_nothing_newer_now(Invocation& invocation, const RunInView& run) {
  return refusal(run, find_newer(invocation, run));
}

}  // namespace snapcore
