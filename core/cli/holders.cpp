#include "cli/holders.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/real_file_system.hpp"
#include "base/sleeper.hpp"
#include "base/text.hpp"
#include "cli/run_leases.hpp"
#include "cli/text/words.hpp"
#include "journal/state_directory.hpp"
#include "lease/file_store.hpp"

namespace snapcore {
namespace {

using Stands = Holder::Stands;

bool is_asked_to_be_broken(const Lease& lease, Liveness process, const LeaseWish& wish) {
  return process != Liveness::kRunning &&
         std::find(wish.breaking.begin(), wish.breaking.end(), lease.fence) != wish.breaking.end();
}

using ByRun = std::map<std::string, std::vector<Lease>>;

ByRun held_by_run(FileSystem& fs, const Path& state, const Plan& plan, const LeaseWish& wish) {
  RealSleeper sleeper;
  FileLeaseStore store(fs, state / "leases", sleeper);
  const RealProcesses processes;
  ByRun runs;
  for (const std::string& key : lease_keys(plan)) {
    auto lease = store.read(key);
    if (!lease || !*lease || (*lease)->released) continue;
    if (is_asked_to_be_broken(**lease, processes.look_for((*lease)->holder), wish)) continue;
    runs[(*lease)->holder.run].push_back(std::move(**lease));
  }
  return runs;
}

ByRun held_by_run(FileSystem& fs, const Path& state) {
  RealSleeper sleeper;
  auto known = FileLeaseStore(fs, state / "leases", sleeper).list();
  ByRun runs;
  if (!known) return runs;
  for (Lease& lease : known->leases) {
    if (!lease.released) runs[lease.holder.run].push_back(std::move(lease));
  }
  return runs;
}

Stands stands_where(Runs& runs, const std::string& id, const LastSeen& seen, Time now) {
  if (may_go_on(seen, now)) return Stands::kAtWork;
  const auto run = runs.summary(id);
  if (!run) return run.error().code == "state.unknown_run" ? Stands::kNowhere : Stands::kDamaged;
  if (never_began(*run)) return Stands::kOver;
  if (run->problem) return Stands::kDamaged;
  return is_over(*run) ? Stands::kOver : Stands::kHalfWay;
}

std::string resources_of(const Holder& holder, const std::string& kind) {
  const std::size_t more = holder.leases.size() - 1;
  return printable(holder.leases.front().key) +
         (more == 0 ? "" : " and " + describe_count(more, "other thing") + kind);
}

std::string process_of(const Holder& holder) {
  const LeaseHolder& process = holder.seen.lease.holder;
  return "process " + std::to_string(process.process.pid) + " on " + printable(process.host, 64);
}

std::string process_words(const Holder& holder) {
  return holder.seen.process == Liveness::kGone
             ? "its " + process_of(holder) + " is gone"
             : "whether its " + process_of(holder) + " still runs cannot be told from here";
}

std::string sentence(const Holder& holder, Time now, const std::string& kind = " of this plan") {
  const std::string run = "run " + printable(holder.run, 128);
  const std::string on = resources_of(holder, kind);
  switch (holder.stands) {
    case Stands::kAtWork:
      if (holder.seen.process == Liveness::kRunning)
        return run + " is at work on " + on + ": " + process_of(holder);
      return run + " is at work on " + on + ": it " + words_without_an_end(holder.seen, now);
    case Stands::kHalfWay: break;
    case Stands::kDamaged:
      return run + " holds " + on + ", and its journal cannot be read; " + process_words(holder);
    case Stands::kOver: return run + " holds " + on + "; " + process_words(holder);
    case Stands::kNowhere:
      return run + ", which is not known here, holds " + on + "; " + process_words(holder);
  }
  return run + " stands half way and holds " + on + "; " + process_words(holder);
}

std::string what_first(const Holder& holder) {
  switch (holder.stands) {
    case Stands::kAtWork: return "wait until it has ended, then plan again; how far it is:";
    case Stands::kHalfWay: return "go on with it, or take it back, before anything new is begun:";
    case Stands::kDamaged: return "look first what it did, and what is to be put right by hand:";
    case Stands::kOver: return "look first what it did:";
    case Stands::kNowhere: break;
  }
  return "it was killed before it began, was removed, or is in another state directory (--state)";
}

std::vector<std::string> commands(const Holder& holder, const std::string& typed) {
  const std::string snapcore = "snapcore" + typed;
  const std::string id = shell_word(holder.run);
  switch (holder.stands) {
    case Stands::kHalfWay:
      return {snapcore + " runs " + id + "       # what it did, and how to put the old back",
              snapcore + " resume " + id + "     # go on with it",
              snapcore + " rollback " + id + "   # take it back"};
    case Stands::kNowhere: return {};
    default: return {snapcore + " runs " + id};
  }
}

// Without it a new run that nothing else refuses any more would be turned away.
std::string all_the_same(const Holder& holder) {
  const std::string run = "run " + printable(holder.run, 128);
  if (holder.stands == Stands::kAtWork)
    return "\nBesides, to wait for " + run + ": --lock-wait 10m";
  std::set<std::uint64_t> numbers;
  for (const Lease& lease : holder.leases) numbers.insert(lease.fence);
  std::string text = "\nBesides, to take away from " + run + " what it holds:";
  for (const std::uint64_t number : numbers) text += " --break-lease " + std::to_string(number);
  if (holder.seen.process != Liveness::kGone)
    text += ", only when it is certain that " + process_of(holder) + " has ended";
  return text;
}

Value value_of(const std::vector<Holder>& holders) {
  Value::Array list;
  for (const Holder& holder : holders) {
    Value::Array resources;
    for (const Lease& lease : holder.leases) resources.emplace_back(lease.key);
    list.push_back(Value::object({{"run", holder.run},
                                  {"resources", std::move(resources)},
                                  {"at_work", holder.stands == Stands::kAtWork}}));
  }
  return list;
}

std::vector<Holder> holders_of(const Invocation& invocation, FileSystem& fs, const Path& state,
                               const ByRun& held) {
  Runs runs(fs, invocation.clock, state);
  const RealProcesses processes;
  std::vector<Holder> holders;
  for (const auto& [run, leases] : held) {
    Holder holder{.run = run, .leases = leases};
    holder.seen = *last_seen(holder.leases, processes, run);
    if (holder.seen.process == Liveness::kGone && remains_of(runs, run) == Remains::kNothing)
      continue;
    holder.stands = stands_where(runs, run, holder.seen, invocation.clock.now());
    holders.push_back(std::move(holder));
  }
  return holders;
}

bool is_unfinished(const Holder& holder) {
  return holder.stands == Stands::kAtWork || holder.stands == Stands::kHalfWay ||
         holder.stands == Stands::kDamaged;
}

// Nothing that a run did makes a runbook or a command line wrong.
bool is_of_the_text(const Error& problem) {
  if (problem.code == "runbook.failed") return false;
  for (const std::string_view kind : {"runbook.", "lua.", "arguments."}) {
    if (problem.code.starts_with(kind)) return true;
  }
  return false;
}

}  // namespace

std::vector<Holder> holders_of(const Invocation& invocation, const Plan& plan,
                               const LeaseWish& wish) {
  RealFileSystem fs;
  const auto state =
      find_state_directory(invocation.globals.state, StateEnvironment::of_this_process());
  if (!state) return {};
  return holders_of(invocation, fs, *state, held_by_run(fs, *state, plan, wish));
}

Error behind_holders(const Invocation& invocation, const std::vector<Holder>& holders,
                     Error refusal) {
  if (holders.empty()) return refusal;
  invocation.output.add_to_result("held_by", value_of(holders));
  std::string message;
  std::string hint;
  for (const Holder& holder : holders) {
    message += sentence(holder, invocation.clock.now()) + "\n";
    hint += (holders.size() > 1 ? "run " + printable(holder.run, 128) + ": " : "") +
            what_first(holder) + "\n";
    for (const std::string& command : commands(holder, invocation.globals.typed))
      hint += command + "\n";
  }
  refusal.message = message + "refused as well: " + refusal.message;
  refusal.hint = hint + refusal.hint;
  for (const Holder& holder : holders) refusal.hint += all_the_same(holder);
  return refusal;
}

Error beside_unfinished(const Invocation& invocation, Error problem) {
  RealFileSystem fs;
  const auto state =
      find_state_directory(invocation.globals.state, StateEnvironment::of_this_process());
  if (!state || is_of_the_text(problem)) return problem;
  auto holders = holders_of(invocation, fs, *state, held_by_run(fs, *state));
  std::erase_if(holders, [](const Holder& holder) { return !is_unfinished(holder); });
  if (holders.empty()) return problem;
  invocation.output.add_to_result("unfinished", value_of(holders));
  for (const Holder& holder : holders) {
    problem.hint += (problem.hint.empty() ? "" : "\n") +
                    sentence(holder, invocation.clock.now(), "") + "; if that is why, " +
                    what_first(holder);
    for (const std::string& command : commands(holder, invocation.globals.typed))
      problem.hint += "\n" + command;
  }
  return problem;
}

void tell_holders(const Invocation& invocation, const std::vector<Holder>& holders) {
  Output& output = invocation.output;
  output.add_to_result("held_by", value_of(holders));
  for (const Holder& holder : holders) {
    output.say_line(sentence(holder, invocation.clock.now()), Tone::kLoud);
    output.say_line("  " + what_first(holder));
    for (const std::string& command : commands(holder, invocation.globals.typed))
      output.say("  " + command + "\n");
  }
}

}  // namespace snapcore
