#include "activation.hpp"

#include <algorithm>
#include <format/bytes.hpp>
#include <snapcore/support/process.hpp>

#include "observe.hpp"
#include "waiting.hpp"

namespace etcd {
namespace {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Outcome;
using Clock = std::chrono::steady_clock;

constexpr char kAllAnswer[] = "all answer healthy";

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

WayBack way_back(const Target& target, ActivationUndo undo) {
  WayBack back;
  for (const Move& move : undo.swap.moves) {
    if (move.keeps) back.words.push_back("put " + move.to + " back as " + move.from);
  }
  if (!undo.running.empty()) back.words.push_back("start " + listed(undo.running) + " again");
  for (const TargetMember& member : target.members)
    back.shell.push_back(snapcore::process::shell_line(member.stop));
  for (std::string& line : shell_of_way_back(undo.swap)) back.shell.push_back(std::move(line));
  for (const std::string& name : undo.running)
    back.shell.push_back(snapcore::process::shell_line(target.find(name)->start));
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

// Waits for what ran before. A process that was still stopping when it was looked at may have ended
// since; it is started then, once.
Result<> bring_back(const Target& target, const std::vector<Place>& places,
                    const ActivationUndo& undo, const Step& step, const Watch& watch) {
  const auto deadline = Clock::now() + target.health_timeout;
  std::vector<std::string> started;
  for (;;) {
    std::vector<std::string> stopped;
    bool all_run = true;
    const std::vector<std::string> running = running_members(target, places);
    for (const std::string& name : undo.running) {
      if (std::count(running.begin(), running.end(), name) > 0) continue;
      all_run = false;
      if (std::count(started.begin(), started.end(), name) == 0) stopped.push_back(name);
    }
    if (!stopped.empty()) {
      if (auto go = step("start " + listed(stopped)); !go) return go;
      if (auto ok = start_members(target, stopped, watch); !ok) return ok;
      started.insert(started.end(), stopped.begin(), stopped.end());
      continue;
    }
    if (all_run) break;
    if (Clock::now() >= deadline) {
      return fail({.code = "etcd.not_healthy",
                   .message = "the old data is back in place, and not every member that ran before "
                              "answers again: " +
                              listed(undo.running) + " were started",
                   .hint = "look at the members' logs",
                   .category = Category::kTransient,
                   .outcome = Outcome::kHappened});
    }
    if (auto go = pause_between_questions(watch); !go) return go;
  }
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
  return wait_until_healthy(target, undo.healthy, std::max(left, std::chrono::milliseconds(0)),
                            watch);
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
  auto swap = plan_swap(staged, work.stamp, work.mark);
  if (!swap) return fail(swap.error());
  const ActivationUndo undo{.swap = *swap,
                            .running = running_members(target, *places),
                            .healthy = healthy_members(target, work.watch)};
  if (auto written = work.record_undo(way_back(target, undo)); !written)
    return fail(written.error());

  const std::string everyone = counted(target.members.size(), "member");
  if (auto go = work.step("stop " + everyone); !go) return fail(after_the_stop(go.error()));
  if (auto ok = stop_members(target, *places, work.watch); !ok)
    return fail(after_the_stop(ok.error()));
  if (auto ok = carry_out(*swap, work.step); !ok) return fail(after_the_stop(ok.error()));
  if (auto go = work.step("start " + everyone); !go) return fail(after_the_stop(go.error()));
  if (auto ok = start_members(target, all_names(target), work.watch); !ok)
    return fail(after_the_stop(ok.error()));
  if (auto go = work.step("wait until " + everyone + " answer healthy"); !go)
    return fail(after_the_stop(go.error()));
  std::string answers = kAllAnswer;
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
  return {
      .state = State::kDone, .result = describe(target, std::move(kept), kAllAnswer), .detail = {}};
}

Result<std::vector<std::string>> undo_activation(const Target& target, const ActivationUndo& undo,
                                                 const Step& step, const Watch& watch) {
  std::vector<Place> places;
  for (const TargetMember& member : target.members) {
    auto place = locate(member);
    if (!place) return fail(place.error());
    places.push_back(std::move(*place));
  }
  if (has_begun(undo.swap)) {
    if (auto go = step("stop " + counted(target.members.size(), "member")); !go)
      return fail(go.error());
    // What counts on the way back is that they are stopped, not what the commands say of it.
    auto stopped = stop_members(target, places, watch);
    if (!stopped && !running_members(target, places).empty()) return fail(stopped.error());
  }
  auto back = take_back(undo.swap, step);
  if (!back) return fail(back.error());
  std::vector<std::string> words = std::move(*back);
  if (auto ok = bring_back(target, places, undo, step, watch); !ok) return fail(ok.error());
  if (!undo.running.empty()) words.push_back(listed(undo.running) + " run again with the old data");
  return words;
}

}  // namespace etcd
