#include "activation.hpp"

#include <algorithm>
#include <format/bytes.hpp>
#include <map>
#include <snapcore/support/process.hpp>

#include "by_hand.hpp"
#include "hold.hpp"
#include "observe.hpp"
#include "waiting.hpp"

namespace etcd {
namespace {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Outcome;
using Clock = std::chrono::steady_clock;

// A start may have met a process that had closed its ports and not ended, and done nothing.
constexpr auto kStartAgainAfter = std::chrono::seconds(5);

std::string all_answer(const Target& target) {
  return target.members.size() == 1 ? "it answers healthy" : "all answer healthy";
}

// From the first stop on it is no longer true that nothing happened.
Error after_the_stop(Error error) {
  if (error.outcome == Outcome::kNothingHappened) error.outcome = Outcome::kHappened;
  return error;
}

std::vector<std::string> running_members(const Target& target, const std::vector<Place>& places) {
  std::vector<char> runs(target.members.size());
  side_by_side(runs.size(), [&](std::size_t i) {
    runs[i] = sign_of_life(target.members[i], places[i]).has_value();
  });
  std::vector<std::string> names;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i]) names.push_back(target.members[i].name);
  }
  return names;
}

std::vector<std::string> healthy_members(const Target& target, const Watch& watch) {
  const auto seen = observe(target, Depth::kHealth, watch.cancelled);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i].healthy()) names.push_back(target.members[i].name);
  }
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// "m1 answers", "m1, m2 answer"
std::string they(const std::vector<std::string>& names, const char* does, const char* they_do) {
  return listed(names) + " " + (names.size() == 1 ? does : they_do);
}

WayBack way_back(const Target& target, ActivationUndo undo) {
  WayBack back;
  for (const Move& move : undo.swap.moves) {
    if (move.keeps) back.words.push_back("put " + move.to + " back as " + move.from);
  }
  for (const Contents& contents : undo.swap.contents)
    back.words.push_back("put what is in " + contents.backup + " back into " + contents.live);
  if (!undo.running.empty()) back.words.push_back("start " + listed(undo.running) + " again");
  // Pasted as a whole: what cannot be done ends it, and nothing moves below a running member.
  back.shell = {"( set -e"};
  for (std::string& line : shell_of_being_ours(undo.swap)) back.shell.push_back(std::move(line));
  for (std::string& line : stop_by_hand(target)) back.shell.push_back(std::move(line));
  for (std::string& line : shell_of_way_back(undo.swap)) back.shell.push_back(std::move(line));
  for (const std::string& name : undo.running)
    back.shell.push_back(
        snapcore::process::shell_line(target.find(name)->start) + " || echo " +
        snapcore::process::shell_quoted("the start of " + name + " says that it failed") + " >&2");
  back.shell.emplace_back(")");
  back.data = std::move(undo);
  return back;
}

std::vector<std::string> all_names(const Target& target) {
  std::vector<std::string> names;
  for (const TargetMember& member : target.members) names.push_back(member.name);
  return names;
}

Activated describe(const Target& target, Kept kept, const std::string& answers) {
  Activated done;
  done.words.push_back("started " + counted(target.members.size(), "member") +
                       " with the new data; " + answers);
  for (const KeptMember& member : kept.members) {
    for (const std::string& backup : member.backups)
      done.words.push_back("the old data of " + member.name + " is kept in " + backup);
  }
  done.kept = std::move(kept);
  return done;
}

// Starts what ran before and waits for it; who was started.
class BringBack {
 public:
  BringBack(const Target& target, const std::vector<Place>& places, const ActivationUndo& undo,
            const Step& step, const Watch& watch)
      : target_(target), places_(places), undo_(undo), step_(step), watch_(watch) {}

  Result<std::vector<std::string>> run() {
    if (undo_.running.empty()) return started();
    const auto deadline = Clock::now() + target_.health_timeout;
    if (auto ok = start(silent()); !ok) return fail(ok.error());
    if (auto go = step_("wait until " + they(undo_.running, "answers", "answer") + ", " +
                        at_most(target_.health_timeout));
        !go)
      return fail(go.error());
    StillWaiting waiting;
    for (auto left = awaited(); !left.empty(); left = awaited()) {
      if (Clock::now() >= deadline) return fail(not_back(left));
      waiting.say(watch_, " until " + they(left, "answers", "answer"));
      if (auto go = pause_between_questions(watch_); !go) return fail(go.error());
      if (auto ok = start(left); !ok) return fail(ok.error());
    }
    // The others were waited for; without these the cluster may never be healthy.
    for (const std::string& name : silent()) {
      if (const auto failed = failed_.find(name); failed != failed_.end())
        return fail(failed->second);
    }
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
    auto healthy = wait_until_healthy(target_, undo_.healthy,
                                      std::max(left, std::chrono::milliseconds(0)), watch_);
    if (!healthy) return fail(healthy.error());
    return started();
  }

 private:
  std::vector<std::string> silent() const {
    const std::vector<std::string> running = running_members(target_, places_);
    std::vector<std::string> names;
    for (const std::string& name : undo_.running) {
      if (!contains(running, name)) names.push_back(name);
    }
    return names;
  }

  // Of these a start command said yes.
  std::vector<std::string> awaited() const {
    std::vector<std::string> names = silent();
    std::erase_if(names, [&](const std::string& name) { return failed_.count(name) > 0; });
    return names;
  }

  // Those of `names` that were not started, or not lately.
  Result<> start(const std::vector<std::string>& names) {
    std::vector<std::string> fresh, again;
    for (const std::string& name : names) {
      const auto last = started_.find(name);
      if (last == started_.end()) {
        fresh.push_back(name);
      } else if (Clock::now() - last->second >= kStartAgainAfter) {
        again.push_back(name);
      }
    }
    if (!fresh.empty()) {
      if (auto ok = start_now(fresh); !ok) return ok;
    }
    if (again.empty()) return {};
    if (auto go = step_("start " + listed(again)); !go) return go;
    // It may be on its way up, and then the command may say no.
    if (auto ok = start_members(target_, again, watch_); !ok) watch_.say(ok.error().message);
    for (const std::string& name : again) started_[name] = Clock::now();
    return {};
  }

  Result<> start_now(const std::vector<std::string>& names) {
    if (auto go = step_("start " + listed(names)); !go) return go;
    const auto results = start_each(target_, names, watch_);
    for (std::size_t i = 0; i < names.size(); ++i) {
      started_[names[i]] = Clock::now();
      if (!results[i]) failed_.emplace(names[i], results[i].error());
    }
    return {};
  }

  std::vector<std::string> started() const {
    std::vector<std::string> names;
    for (const std::string& name : undo_.running) {
      if (started_.count(name) > 0) names.push_back(name);
    }
    return names;
  }

  static Error not_back(const std::vector<std::string>& left) {
    return {.code = "etcd.not_healthy",
            .message = they(left, "was", "were") + " started and " +
                       (left.size() == 1 ? "shows" : "show") + " no sign of life",
            .hint = "look at the members' logs",
            .category = Category::kTransient,
            .outcome = Outcome::kHappened};
  }

  const Target& target_;
  const std::vector<Place>& places_;
  const ActivationUndo& undo_;
  const Step& step_;
  const Watch& watch_;
  std::map<std::string, Clock::time_point> started_;  // the last time
  std::map<std::string, Error> failed_;               // what the first start command said
};

// "m1, m3 run, m2 does not"
std::string who_runs(const Target& target, const std::vector<Place>& places,
                     const std::vector<std::string>& names) {
  const std::vector<std::string> running = running_members(target, places);
  std::vector<std::string> up, down;
  for (const std::string& name : names) (contains(running, name) ? up : down).push_back(name);
  if (down.empty()) return up.empty() ? "no member ran before" : they(up, "runs", "run");
  if (up.empty()) return they(down, "does not run", "do not run");
  return they(up, "runs", "run") + ", " + they(down, "does not", "do not");
}

// What was down before the run is left down, and whoever looks for the cluster must be told.
std::vector<std::string> down_as_before(const Target& target, const std::vector<Place>& places,
                                        const ActivationUndo& undo) {
  const std::vector<std::string> running = running_members(target, places);
  std::vector<std::string> words;
  for (const TargetMember& member : target.members) {
    if (contains(running, member.name) || contains(undo.running, member.name)) continue;
    words.push_back(member.name +
                    " does not run: it did not run before this run either; this starts it: " +
                    snapcore::process::shell_line(member.start));
  }
  return words;
}

// The old data is in its place, and a member that is to run with it does not.
Error not_all_run(const Target& target, const std::vector<Place>& places,
                  const ActivationUndo& undo, Error cause) {
  std::vector<std::string> back, silent;
  for (const Place& place : places) {
    const auto& moves = undo.swap.moves;
    if (std::any_of(moves.begin(), moves.end(), [&](const Move& move) {
          return move.keeps && move.from == place.live().string();
        }))
      back.push_back(place.member);
  }
  const std::vector<std::string> running = running_members(target, places);
  std::string commands;
  for (const std::string& name : undo.running) {
    if (contains(running, name)) continue;
    commands +=
        (commands.empty() ? "" : "; ") + snapcore::process::shell_line(target.find(name)->start);
  }
  cause.message = (back.empty() ? "the state from before is back"
                                : "the old data of " + listed(back) + " is back") +
                  "; " + who_runs(target, places, undo.running) + ": " + cause.message;
  cause.hint =
      "no data is left to put back" +
      (commands.empty() ? std::string() : "; start by hand what does not run: " + commands) +
      "; then repeat the rollback" + (cause.hint.empty() ? "" : "; " + cause.hint);
  cause.outcome = Outcome::kHappened;
  return cause;
}

// The way back ended between the stop and the start: what it stopped runs again, as it was.
Error started_again(const Target& target, const std::vector<Place>& places,
                    const std::vector<std::string>& ran, const Watch& watch, Error cause) {
  const ActivationUndo as_before{.swap = {}, .running = ran, .healthy = {}};
  const Step go_on = [](const std::string&) { return Result<>(); };
  const auto again = BringBack(target, places, as_before, go_on, watch).run();
  cause.message += "; nothing was put back; " + who_runs(target, places, ran);
  if (!again) cause.message += ": " + again.error().message;
  cause.outcome = Outcome::kHappened;
  return cause;
}

}  // namespace

void fields(snapcore::sdk::Fields& f, ActivationUndo& undo) {
  f("swap", undo.swap);
  f("running", undo.running);
  f("healthy", undo.healthy);
}

Result<std::vector<Place>> places_for(const Target& target, const Staged& staged) {
  const auto stale = [](const std::string& why) {
    return fail({.code = "etcd.stale_handle",
                 .message = "what was staged is not for this target: " + why,
                 .hint = "nothing live was touched; run the restore again",
                 .category = Category::kConflict});
  };
  if (staged.members.size() != target.members.size()) return stale("another number of members");
  std::vector<Place> places;
  for (std::size_t i = 0; i < target.members.size(); ++i) {
    const StagedMember& member = staged.members[i];
    auto place = locate(target.members[i]);
    if (!place) return fail(place.error());
    if (member.name != place->member || member.live != place->data_dir.string() ||
        member.mount_point != place->data_is_mount ||
        member.live_wal.value_or("") != place->wal_dir.value_or("").string()) {
      return stale("member " + place->member + " is described otherwise now");
    }
    places.push_back(std::move(*place));
  }
  return places;
}

Result<Activated> activate(const Target& target, const Staged& staged, const ActivationWork& work) {
  const auto places = places_for(target, staged);
  if (!places) return fail(places.error());
  const auto held = Hold::take(*places);
  if (!held) return fail(held.error());
  if (auto ok = check_unchanged(staged); !ok) return fail(ok.error());
  auto swap = plan_swap(staged, work.stamp, work.mark);
  if (!swap) return fail(swap.error());
  const ActivationUndo undo{.swap = *swap,
                            .running = running_members(target, *places),
                            .healthy = healthy_members(target, work.watch)};
  const std::string everyone = counted(target.members.size(), "member");
  // Recorded after the last chance to turn back: a record means that a stop may have begun.
  if (auto go = work.step("stop " + everyone); !go) return fail(go.error());
  if (auto written = work.record_undo(way_back(target, undo)); !written)
    return fail(written.error());
  if (auto ok = stop_members(target, *places, work.watch); !ok)
    return fail(after_the_stop(ok.error()));
  if (auto ok = carry_out(*swap, work.step); !ok) return fail(after_the_stop(ok.error()));
  if (auto go = work.step("start " + everyone); !go) return fail(after_the_stop(go.error()));
  if (auto ok = start_members(target, all_names(target), work.watch); !ok)
    return fail(after_the_stop(ok.error()));
  const char* answer = target.members.size() == 1 ? " answers healthy, " : " answer healthy, ";
  if (auto go = work.step("wait until " + everyone + answer + at_most(target.health_timeout)); !go)
    return fail(after_the_stop(go.error()));
  std::string answers = all_answer(target);
  if (auto ok = wait_until_healthy(target, all_names(target), target.health_timeout, work.watch);
      !ok) {
    // The act is done. Whether what came of it is good enough is for `health` to say.
    if (ok.error().code != "etcd.not_healthy") return fail(after_the_stop(ok.error()));
    answers = ok.error().message;
  }
  return describe(target, kept_on_disk(staged, work.stamp, work.mark), answers);
}

ActivationProbe probe_activation(const Target& target, const Staged& staged, std::string_view stamp,
                                 std::string_view mark, const Watch& watch) {
  using State = ActivationProbe::State;
  const auto partial = [](std::string detail) {
    return ActivationProbe{.state = State::kPartial, .result = {}, .detail = std::move(detail)};
  };
  const auto places = places_for(target, staged);
  if (!places) return partial(places.error().message);
  Kept kept = kept_on_disk(staged, stamp, mark);
  // The plan of a swap asks for everything that was staged.
  const bool all_staged = plan_swap(staged, stamp, mark).has_value();
  if (all_staged && kept.members.empty()) {
    if (running_members(target, *places).size() == target.members.size())
      return {.state = State::kNotStarted, .result = {}, .detail = {}};
    return partial("nothing was renamed, but members may have been stopped");
  }
  for (const Observation& seen : observe(target, Depth::kEverything, watch.cancelled)) {
    const bool is_new = seen.status && id_text(seen.status->cluster_id) == staged.cluster_id;
    if (!is_new || !seen.healthy()) return partial("the new cluster is not there, or not healthy");
  }
  return {.state = State::kDone,
          .result = describe(target, std::move(kept), all_answer(target)),
          .detail = {}};
}

Result<std::vector<std::string>> undo_activation(const Target& target, const ActivationUndo& undo,
                                                 const Step& step, const Watch& watch) {
  std::vector<Place> places;
  for (const TargetMember& member : target.members) {
    auto place = locate(member);
    if (!place) return fail(place.error());
    places.push_back(std::move(*place));
  }
  const auto held = Hold::take(places);
  if (!held) return fail(held.error());
  if (auto ok = can_be_taken_back(undo.swap); !ok) return fail(ok.error());
  const std::vector<std::string> ran = running_members(target, places);
  // A member that was told to stop may still look alive, and its start would do nothing; so every
  // stop is finished first.
  if (auto go = step("stop " + counted(target.members.size(), "member")); !go)
    return fail(go.error());
  const auto stops = stop_each(target, places, watch);
  std::vector<std::string> untouched;
  for (std::size_t i = 0; i < stops.size(); ++i) {
    if (stops[i]) continue;
    // What counts for the renames is that nobody runs, not what the commands say of it.
    if (has_begun(undo.swap) && sign_of_life(target.members[i], places[i]))
      return fail(started_again(target, places, ran, watch, stops[i].error()));
    watch.say(stops[i].error().message);
    if (contains(undo.running, target.members[i].name)) untouched.push_back(target.members[i].name);
  }
  bool told_to_end = false;
  const Step ask = [&](const std::string& what) {
    auto go = step(what);
    told_to_end = told_to_end || !go;
    return go;
  };
  std::vector<Move> taken;
  auto back = take_back(undo.swap, ask, &taken);
  if (!back) {
    if (told_to_end) return fail(back.error());
    // Old and new data side by side must not run.
    if (auto in = put_in_again(undo.swap, taken); !in) {
      Error error = back.error();
      error.message +=
          "; a part was put back, and that could not be undone: " + in.error().message +
          "; no member was started";
      error.outcome = Outcome::kHappened;
      return fail(error);
    }
    return fail(started_again(target, places, ran, watch, back.error()));
  }
  std::vector<std::string> words = std::move(*back);
  const auto started = BringBack(target, places, undo, step, watch).run();
  if (!started) return fail(not_all_run(target, places, undo, started.error()));
  std::vector<std::string> again, on;
  for (const std::string& name : undo.running) {
    const bool ran_on = contains(untouched, name) && !contains(*started, name);
    (ran_on ? on : again).push_back(name);
  }
  if (!again.empty()) words.push_back(they(again, "runs", "run") + " again with the old data");
  for (const std::string& line : down_as_before(target, places, undo)) words.push_back(line);
  if (!on.empty())
    words.push_back(they(on, "was", "were") + " not stopped and " +
                    (on.size() == 1 ? "runs" : "run") + " on");
  return words;
}

}  // namespace etcd
