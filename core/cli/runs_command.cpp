#include <array>

#include "base/real_file_system.hpp"
#include "base/sleeper.hpp"
#include "base/text.hpp"
#include "cli/command.hpp"
#include "cli/damaged_run.hpp"
#include "cli/newer_runs.hpp"
#include "cli/plan_file.hpp"
#include "cli/prune_runs.hpp"
#include "cli/run_state.hpp"
#include "cli/text/back_text.hpp"
#include "cli/text/error_text.hpp"
#include "cli/text/words.hpp"
#include "engine/by_hand.hpp"
#include "journal/runs.hpp"
#include "journal/state_directory.hpp"
#include "lease/file_store.hpp"

namespace snapcore {
namespace {

std::string how_it_ended(const RunSummary& run) {
  if (run.taken_back_by) return "undone, as " + *run.taken_back_by + " asked for";
  if (!run.exit) return "was cut off before it ended";
  return (run.ending.empty() ? "ended" : run.ending) + ", exit " + std::to_string(*run.exit);
}

// The leases of all runs; of those that cannot be read nothing is known.
class Sightings {
 public:
  Sightings(FileSystem& fs, const Path& state, Time now) : now_(now) {
    RealSleeper sleeper;
    if (auto known = FileLeaseStore(fs, state / "leases", sleeper).list())
      leases_ = std::move(known->leases);
  }

  // Of one without an end.
  std::optional<LastSeen> of(const RunSummary& run) const {
    return run.ended ? std::nullopt : last_seen(leases_, processes_, run.id);
  }
  bool may_go_on(const RunSummary& run) const {
    return run.goes_on || snapcore::may_go_on(of(run), now_);
  }
  // What it holds, sorted by key.
  std::vector<Lease> held_by(const RunSummary& run) const {
    std::vector<Lease> held;
    for (const Lease& lease : leases_) {
      if (!lease.released && lease.holder.run == run.id) held.push_back(lease);
    }
    return held;
  }
  std::string words(const RunSummary& run) const { return words_without_an_end(of(run), now_); }

 private:
  const Time now_;
  RealProcesses processes_;
  std::vector<Lease> leases_;
};

std::string outcome_of(const RunSummary& run, const Sightings& sightings) {
  if (run.goes_on) return "still goes on";
  if (never_began(run)) return "was killed while it was being started: nothing was done";
  if (run.problem) return "journal damaged";
  if (!run.ended && !run.accepted_by) return sightings.words(run);
  std::string text = how_it_ended(run);
  if (!run.accepted_by) return text;
  text += "; accepted" + (run.accepted_by->empty() ? "" : " by " + *run.accepted_by);
  if (!run.ended || run.rollback_error)
    text += ", and not all that was kept is gone: accept it again";
  return text;
}

Value value_of(const RunSummary& run, const Sightings& sightings) {
  Value value =
      Value::object({{"run", run.id},
                     {"directory", run.directory.string()},
                     {"runbook", run.runbook},
                     {"summary", run.summary},
                     {"ending", run.ending},
                     {"goes_on", run.goes_on},
                     {"records", run.records},
                     {"dropped_bytes", run.dropped_bytes},
                     {"head", Value::object({{"seq", run.head.seq}, {"hash", run.head.hash}})}});
  if (run.started) value["started"] = to_rfc3339(*run.started);
  if (run.ended) value["ended"] = to_rfc3339(*run.ended);
  if (run.exit) value["exit"] = *run.exit;
  if (run.error) value["error"] = to_value(*run.error);
  if (run.rollback_error) value["rollback_error"] = to_value(*run.rollback_error);
  if (run.accepted_by) value["accepted_by"] = *run.accepted_by;
  if (run.taken_back_by) value["taken_back_by"] = *run.taken_back_by;
  if (run.problem) value["problem"] = to_value(*run.problem);
  if (const auto seen = sightings.of(run)) {
    value["last_seen"] = Value::object({{"host", seen->lease.holder.host},
                                        {"renewed", to_rfc3339(seen->lease.renewed)},
                                        {"expires", to_rfc3339(seen->lease.expires)}});
  }
  Value::Array leases;
  for (const Lease& lease : sightings.held_by(run))
    leases.push_back(Value::object({{"resource", lease.key}, {"number", lease.fence}}));
  if (!leases.empty()) value["leases"] = std::move(leases);
  return value;
}

// What a record says, in a line.
std::string in_words(const Record& record) {
  const Value& body = record.body;
  const std::string call = body.at("call").text();
  if (record.type == record::kRun)
    return "by " + body.at("operator").text() + " on " + body.at("host").text();
  if (record.type == record::kApproval) {
    return body.at("how").text() + ", by " + body.at("who").text() +
           (body.has("replaces") ? ", of a new plan" : "");
  }
  if (record.type == record::kResume)
    return body.at("why").text() + ", by " + body.at("operator").text() + " on " +
           body.at("host").text();
  if (record.type == record::kLease) {
    return body.at("resource").text() + " " + body.at("state").text() +
           (body.at("state").text() == "taken" ? ""
                                               : ", it was run " + body.at("run").text() + "'s") +
           ", number " + body.at("fence").dump();
  }
  if (record.type == record::kValue) return body.at("what").text() + " was asked";
  if (record.type == record::kResolve) {
    const std::string reason = body.at("reason").text();
    return call + (body.at("decision").text() == "done" ? " happened" : " did not happen") +
           ", says " + body.at("who").text() + (reason.empty() ? "" : ": " + reason);
  }
  if (record.type == record::kAccept) return "what was kept is let go";
  if (record.type == record::kResult && body.at("found_by").is_string())
    return call + ": it had happened, says its plugin";
  if (record.type == record::kUndoRecorded) return call + ": its way back";
  if (record.type == record::kUndoIntent) return call + ": is taken back";
  if (record.type == record::kIntent) {
    return call + ": " + body.at("instance").text() + "." + body.at("operation").text() + " (" +
           body.at("effect").text() + ")";
  }
  if (record.type == record::kError) return call + ": " + body.at("error").at("message").text();
  if (record.type == record::kPhase)
    return body.at("name").text() + ": planned, " +
           describe_count(body.at("acts").uint_or(0), "act") + ", " + body.at("how").text();
  if (record.type == record::kStep) return body.at("name").text();
  if (record.type == record::kNote) return body.at("text").text();
  if (record.type == record::kPart) {
    const std::string why = body.at("error").at("message").text();
    return body.at("part").text() + ": " + body.at("state").text() +
           (why.empty() ? "" : ", " + why);
  }
  if (record.type == record::kEnd)
    return body.at("ending").text() + ", exit " + body.at("exit").dump();
  if (body.at("result").at("words").is_array()) {
    std::string words;
    for (const Value& word : body.at("result").at("words").items())
      words += (words.empty() ? "" : "; ") + word.text();
    return call + ": " + words;
  }
  return call;
}

// Nobody can be at it, and it did not come to an end of its own.
bool half_way(const RunSummary& run, const Sightings& sightings) {
  return !run.accepted_by && !never_began(run) && !is_over(run) && !sightings.may_go_on(run);
}

// Nobody is at it, and neither snapcore nor, so far, a person has brought it to an end.
bool wants_a_way_out(const RunSummary& run, const Sightings& sightings) {
  return is_damaged(run) && !sightings.may_go_on(run) &&
         (!run.accepted_by || !sightings.held_by(run).empty());
}

History show_records(Page& page, FileSystem& fs, const RunSummary& run) {
  History history;
  page.heading("Journal");
  const auto read =
      read_journal(fs, run.directory / "journal.jsonl", [&](const Record& record) -> Result<> {
        if (record.type == record::kHeader) return {};
        page.field(2, std::to_string(record.seq), 6,
                   to_rfc3339(record.at) + "  " + record.type + "  " + in_words(record),
                   Tone::kPlain, Tone::kDim);
        history.take(record);
        return {};
      });
  // What stands before a damage counts.
  if (!read) error_lines(page, 2, is_damaged(run) ? *run.problem : read.error());
  return history;
}

// The plan it carries; empty where that is gone.
Plan plan_of(FileSystem& fs, const RunSummary& run, const History& history) {
  auto saved = read_plan_file(fs, run.directory / "plan.json");
  auto plan = saved ? with_phases(std::move(saved->plan), history) : Result<Plan>(Plan());
  return plan ? std::move(*plan) : Plan();
}

// What it was held for, and with the hint how that is approved or settled.
void show_why(Page& page, const RunSummary& run, const std::string& typed) {
  if (run.error) {
    page.heading("Why it stopped", Tone::kBad);
    error_lines(page, 2, with_options(*run.error, typed));
  }
  if (!run.rollback_error) return;
  page.heading("What stopped the way back", Tone::kBad);
  error_lines(page, 2, with_options(*run.rollback_error, typed));
}

void show_what_to_type(Page& page, const RunSummary& run, const std::vector<BackStep>& steps,
                       bool half_back, const std::string& typed) {
  if (run.problem) return;  // of another snapcore, or not to be read by this user
  const std::string snapcore = "snapcore" + typed;
  const std::string id = shell_word(run.id);
  page.heading("Next", Tone::kLoud);
  page.verbatim(2, snapcore + " resume " + id + "     # " + words_of_resume(half_back));
  offer_rollback(page, 2, steps, snapcore + " rollback " + id, words_of_rollback(half_back));
  if (!any_way_back(steps))
    page.verbatim(2, snapcore + " accept " + id + "     # keep what was done, and let it be over");
}

// Neither forward nor back before that is settled.
void show_newer(Page& page, const Error& refusal, const std::string& typed) {
  page.heading("Next: first what came later", Tone::kLoud);
  error_lines(page, 2, with_options(refusal, typed));
  page.line(2, "What else is told here of a way back is for after that.", Tone::kLoud);
}

// Of one that can be neither gone on with nor taken back before that: "run.newer_run" says what
// came later.
Result<> check_not_below(Invocation& invocation, FileSystem& fs, const Path& state,
                         const RunSummary& run, const Plan& plan, const History& history) {
  if (run.problem) return {};
  auto newer = check_nothing_newer_now(invocation, {run.id, state, fs, plan, history});
  if (!newer && newer.error().code == "run.newer_run") return newer;
  return {};
}

Result<ExitCode> show_one_as_json(Invocation& invocation, FileSystem& fs, const Path& state,
                                  const RunSummary& run, bool stands_half_way) {
  Output& output = invocation.output;
  History history;
  const auto journal = run.directory / "journal.jsonl";
  const auto read = read_journal(fs, journal, [&](const Record& record) -> Result<> {
    output.event("record", Value::object({{"seq", record.seq},
                                          {"at", to_rfc3339(record.at)},
                                          {"record", record.type},
                                          {"body", record.body}}));
    history.take(record);
    return {};
  });
  if (!read && !run.problem) return fail(read.error());
  if (run.problem) return ExitCode::kDoneWithWarnings;
  if (!stands_half_way) return ExitCode::kDone;
  const Plan plan = plan_of(fs, run, history);
  if (auto newer = check_not_below(invocation, fs, state, run, plan, history); !newer)
    output.add_to_result("first", to_value(newer.error()));
  return ExitCode::kDone;
}

Result<ExitCode> show_one(Invocation& invocation, FileSystem& fs, Runs& runs,
                          const std::string& id) {
  const auto run = runs.summary(id);
  if (!run) return fail(run.error());
  Output& output = invocation.output;
  const Sightings sightings(fs, runs.state(), invocation.clock.now());
  output.add_to_result("summary", value_of(*run, sightings));
  const bool stands_half_way = half_way(*run, sightings);
  if (output.json()) return show_one_as_json(invocation, fs, runs.state(), *run, stands_half_way);
  constexpr std::size_t kLabel = 10;
  Page page(output.out_style());
  page.line(0, run->id + ": " + (run->summary.empty() ? "a run" : run->summary), Tone::kBold);
  if (!run->runbook.empty()) page.field(2, "runbook", kLabel, run->runbook);
  page.field(2, "ended", kLabel, outcome_of(*run, sightings));
  page.field(2, "files", kLabel, run->directory.string());
  page.field(2, "head", kLabel, std::to_string(run->head.seq) + " " + run->head.hash);
  if (run->dropped_bytes > 0) {
    page.field(2, "torn", kLabel,
               describe_bytes(run->dropped_bytes) + " of an unfinished record at the end");
  }
  const std::string& typed = invocation.globals.typed;
  if (stands_half_way) show_why(page, *run, typed);
  const History history = show_records(page, fs, *run);
  const Plan plan = plan_of(fs, *run, history);
  const auto steps = way_back_of(plan, history);
  const auto held = sightings.held_by(*run);
  const DamagedRun damaged{*run, plan, history, held};
  const bool shows_damage = wants_a_way_out(*run, sightings);
  const auto newer = stands_half_way && !shows_damage
                         ? check_not_below(invocation, fs, runs.state(), *run, plan, history)
                         : Result<>();
  const bool below = !newer;
  if (below) show_newer(page, newer.error(), typed);
  if (shows_damage && stands_half_way) show_what_may_have_been_done(page, damaged);
  if (stands_half_way) by_hand(page, steps, !below);
  if (shows_damage) {
    show_way_out(page, damaged);
  } else if (below && !stands_live(plan, history)) {
    offer_rollback(page, 2, steps, "snapcore" + typed + " rollback " + shell_word(run->id),
                   words_of_rollback(!history.taken_back().empty()));
  } else if (stands_half_way && !below) {
    show_what_to_type(page, *run, steps, !history.taken_back().empty(), typed);
  }
  output.print(page.text());
  return run->problem ? ExitCode::kDoneWithWarnings : ExitCode::kDone;
}

void show_all(Output& output, const std::vector<RunSummary>& list, const Sightings& sightings,
              const std::filesystem::path& state) {
  Page page(output.out_style());
  for (const RunSummary& run : list) {
    page.line(0, run.id, Tone::kBold);
    if (!run.summary.empty()) page.line(2, run.summary);
    page.line(2, outcome_of(run, sightings),
              run.problem && !never_began(run) ? Tone::kBad : Tone::kPlain);
  }
  output.print(page.text());
  output.say(describe_count(list.size(), "run") + " in " +
             shown(output.err_style(), state.string()) + "\n");
}

constexpr std::array kPruneOptions = {kOlderThanOption, kKeepOption, kGiveUpOption,
                                      kPruneYesOption};

// Options that only `prune` knows are not passed over in silence.
Result<> check_options(const Options& options) {
  for (const Option& option : kPruneOptions) {
    if (!options.has(option.name)) continue;
    return fail({.code = "arguments.unknown_option",
                 .message = "--" + std::string(option.name) + " belongs to 'snapcore runs prune'",
                 .hint = "'snapcore help runs' tells more"});
  }
  return {};
}

Result<ExitCode> runs_command(Invocation& invocation) {
  if (!invocation.words().empty() && invocation.words().front() == "prune")
    return prune_runs(invocation);
  if (auto fits = check_options(invocation.options); !fits) return fail(fits.error());
  RealFileSystem fs;
  const auto state =
      find_state_directory(invocation.globals.state, StateEnvironment::of_this_process());
  if (!state) return fail(state.error());
  Runs runs(fs, invocation.clock, *state);
  if (!invocation.words().empty())
    return show_one(invocation, fs, runs, invocation.words().front());
  const auto list = runs.list();
  if (!list) return fail(list.error());
  const Sightings sightings(fs, *state, invocation.clock.now());
  for (const RunSummary& run : *list) invocation.output.event("run", value_of(run, sightings));
  invocation.output.add_to_result("runs", list->size());
  if (!invocation.output.json()) show_all(invocation.output, *list, sightings, *state);
  return ExitCode::kDone;
}

}  // namespace

const Command kRunsCommand = {.name = "runs",
                              .words = "[RUN | prune]",
                              .summary = "list past runs, show one, or forget old ones",
                              .group = CommandGroup::kLook,
                              .min_words = 0,
                              .max_words = 1,
                              .options = kPruneOptions,
                              .details =
                                  "prune lists the runs that may go, and with --yes removes them. "
                                  "A run stays, and it is said why, while it goes on, stands half "
                                  "way, has a call in doubt, holds leases, or can still be taken "
                                  "back.",
                              .run = runs_command};

}  // namespace snapcore
