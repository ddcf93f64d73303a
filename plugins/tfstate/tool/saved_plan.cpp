#include "saved_plan.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <snapcore/support/files.hpp>
#include <snapcore/utf8.hpp>
#include <thread>

#include "data_directory.hpp"
#include "fallback_record.hpp"
#include "scratch.hpp"
#include "tool_run.hpp"

namespace tfstate {
namespace {

namespace sdk = snapcore::sdk;
namespace fs = std::filesystem;
namespace process = snapcore::process;
using snapcore::Category;
using snapcore::fail;
using snapcore::Outcome;
using snapcore::shown;
using snapcore::Value;

constexpr std::size_t kMostListed = 500;
constexpr std::size_t kMostSaid = 40;
constexpr auto kPause = std::chrono::milliseconds(100);
constexpr char kReplace[] = "addresses of what is made anew though the tool believes it whole";

std::string_view verb_of(Planning planning) {
  switch (planning) {
    case Planning::kCreate: return "create";
    case Planning::kUpdate: return "update";
    case Planning::kReplace: return "replace";
    case Planning::kDestroy: return "destroy";
    case Planning::kForget: return "forget";
    case Planning::kOther: break;
  }
  return "do something not known here with";
}

std::string counts_of(std::uint64_t creates, std::uint64_t updates, std::uint64_t replaces,
                      std::uint64_t destroys, std::uint64_t forgets) {
  std::string text = std::to_string(creates) + " created, " + std::to_string(updates) +
                     " updated, " + std::to_string(replaces) + " replaced, " +
                     std::to_string(destroys) + " destroyed";
  if (forgets > 0) text += ", " + std::to_string(forgets) + " forgotten";
  return text;
}
std::string counts_of(const PlannedTotals& totals) {
  return counts_of(totals.creates, totals.updates, totals.replaces, totals.destroys,
                   totals.forgets);
}

// A plan of the tool in memory, and what stands in it.
struct SavedPlan {
  Scratch scratch;
  ToolRun tool;
  PlannedTotals totals;
  std::vector<PlannedChange> changes;  // the first of them
};

ToolRun tool_in_place(Program program, const WorkPlace& place, const Scratch& scratch,
                      std::function<bool()> cancelled,
                      std::function<Result<>(const process::Identity&)> started = {}) {
  ToolRun::Where where{.directory = place.directory,
                       .scratch = scratch.path(),
                       .environment = {{"TF_WORKSPACE", place.workspace}},
                       .cancelled = std::move(cancelled),
                       .started = std::move(started)};
  where.environment["TF_DATA_DIR"] = data_directory_name().string();
  return {std::move(program), place.tool, std::move(where)};
}

using Judge = std::function<Result<>(const PlannedChange&)>;

struct Wanted {
  std::vector<std::string> targets = {};
  std::vector<std::string> replace = {};
  bool destroy = false;
};

Result<SavedPlan> save_plan(sdk::Call& call, const Wanted& wanted, const WorkPlace& place,
                            const Judge& judge = {}) {
  auto program = Program::find(place);
  if (!program) return fail(program.error());
  auto scratch = Scratch::make();
  if (!scratch) return fail(scratch.error());
  ToolRun tool = tool_in_place(*program, place, *scratch, [&call] { return call.cancelled(); });
  std::vector<std::string> more;
  if (wanted.destroy) more.emplace_back("-destroy");
  for (const std::string& target : wanted.targets) more.push_back("-target=" + target);
  for (const std::string& address : wanted.replace) more.push_back("-replace=" + address);
  call.log(sdk::Level::kInfo, "asking " + program->name() + " for a plan");
  const auto asked = [&](Result<> result) -> Result<> {
    if (auto going = call.keep_going(); !going) return going;
    return result;
  };
  if (auto planned = asked(tool.plan(more)); !planned) return fail(planned.error());
  std::vector<PlannedChange> changes;
  auto totals = tool.show([&](const PlannedChange& change) -> Result<> {
    if (changes.size() < kMostListed) changes.push_back(change);
    return judge ? judge(change) : Result<>();
  });
  if (auto going = call.keep_going(); !going) return fail(going.error());
  if (!totals) return fail(totals.error());
  return SavedPlan{std::move(*scratch), std::move(tool), std::move(*totals), std::move(changes)};
}

// A tool that outlived its run is asked to end with it, and may take its time: it writes its state.
Result<> wait_for_tool(sdk::Call& call, const Value& identity, const WorkPlace& place) {
  const auto tool = process::Identity::from_value(identity);
  if (!tool || !process::is_running(*tool)) return {};
  const std::string still =
      "the tool that this run began is still at work, as process " + std::to_string(tool->pid);
  call.log(sdk::Level::kWarning, still + ": waiting for it");
  const auto end = std::chrono::steady_clock::now() + place.tool.timeout.length;
  while (process::is_running(*tool)) {
    if (auto going = call.keep_going(); !going) return going;
    if (std::chrono::steady_clock::now() >= end) {
      return fail({.code = "tfstate.tool_at_work",
                   .message = still,
                   .hint = "wait until it has ended, or end it",
                   .category = Category::kTransient});
    }
    std::this_thread::sleep_for(kPause);
  }
  return {};
}

std::string named(const PlannedChange& change) {
  return std::string(verb_of(change.planning)) + " " + shown(change.address);
}

snapcore::Error refused(std::string code, std::string message) {
  return {.code = std::move(code),
          .message = std::move(message),
          .hint = "nothing was touched; plan again, and approve what is planned now",
          .category = Category::kPrecondition};
}

Result<> within_bounds(const PlannedTotals& totals, const ApplyArgs& args) {
  const bool fits = totals.creates <= args.creates && totals.updates <= args.updates &&
                    totals.replaces <= args.replaces && totals.destroys <= args.destroys &&
                    totals.forgets <= args.forgets && totals.others == 0;
  if (!fits) {
    return fail(refused(
        "tfstate.beyond_bounds",
        "the tool plans more than was approved: " + counts_of(totals) + "; at most " +
            counts_of(args.creates, args.updates, args.replaces, args.destroys, args.forgets)));
  }
  if (args.digest && *args.digest != totals.digest) {
    return fail(refused("tfstate.plan_differs",
                        "the tool plans something else than was approved: " + counts_of(totals) +
                            ", with the digest " + totals.digest.substr(0, 12)));
  }
  return {};
}

ApplyResult result_of(const PlannedTotals& totals, std::string words) {
  return {.creates = totals.creates,
          .updates = totals.updates,
          .replaces = totals.replaces,
          .destroys = totals.destroys,
          .words = {std::move(words)}};
}

std::vector<std::string> texts_of(const Value& list) {
  std::vector<std::string> texts;
  for (const Value& text : list.items()) texts.push_back(text.text());
  return texts;
}

// `earlier` is what an attempt that was cut off was to create: it may be there.
std::vector<std::string> created_by(const SavedPlan& saved, std::vector<std::string> earlier) {
  std::vector<std::string> list = std::move(earlier);
  for (const PlannedChange& change : saved.changes) {
    const bool known = std::find(list.begin(), list.end(), change.address) != list.end();
    if (change.planning == Planning::kCreate && !known) list.push_back(change.address);
  }
  return list;
}

Value addresses(const std::vector<std::string>& created) {
  return Value::Array(created.begin(), created.end());
}

// `tool` is the process that creates it, once there is one.
sdk::Undo way_back(const Program& program, const std::vector<std::string>& created,
                   const WorkPlace& place, const Value& tool = {}) {
  std::vector<std::string> command = {program.path(), "-chdir=" + place.directory, "plan",
                                      "-destroy"};
  for (const std::string& address : created) command.push_back("-target=" + address);
  return {
      .data = Value::object({{"created", addresses(created)}, {"tool", tool}}),
      .words = {"destroy what the tool created, and nothing else"},
      // The tool would destroy what depends on it, too: a person has to look first.
      .shell = {process::shell_line(command),
                "# if that would destroy nothing else: the same with 'apply' in place of 'plan'"}};
}

// Known to be so: the tool did not begin.
sdk::Undo nothing_to_undo() {
  return {.data = Value::object({{"created", Value::array()}}), .words = {"nothing was applied"}};
}

// What is known of an apply that failed, with where its state went.
snapcore::Error apply_failed(const SavedPlan& saved, const process::Finished& finished,
                             const WorkPlace& place) {
  snapcore::Error error = saved.tool.failed("apply", finished);
  if (error.message.find("Saved plan is stale") != std::string::npos) {
    error.code = "tfstate.stale_plan";
    error.message = "somebody wrote the state after the tool had planned, and so it refuses: " +
                    reason_of(saved.tool.output());
    error.hint = "nothing was touched; plan again";
    error.category = Category::kConflict;
    return error;
  }
  error.outcome = Outcome::kMayHaveHappened;
  std::error_code ignored;
  const fs::path errored = fs::path(place.directory) / "errored.tfstate";
  if (fs::exists(errored, ignored)) {
    error.hint = shown(errored.string()) +
                 " holds the state that the tool could not write: bring that back before anything "
                 "else is done";
  }
  return error;
}

}  // namespace

bool is_within(const std::string& address, const std::vector<std::string>& allowed) {
  return allowed.empty() ||
         std::any_of(allowed.begin(), allowed.end(), [&](const std::string& one) {
           if (!address.starts_with(one)) return false;
           const std::string rest = address.substr(one.size());
           return rest.empty() || rest[0] == '.' || rest[0] == '[' || rest[0] == ' ';
         });
}

void fields(sdk::Fields& f, ChangesArgs& args) {
  f("targets", args.targets, "addresses, as -target takes them; else everything").optional();
  f("replace", args.replace, kReplace).optional();
}
void fields(sdk::Fields& f, ChangesResult& result) {
  f("tool", result.tool, "which tool, and its version");
  f("digest", result.digest, "of all changes with their values, for apply_plan");
  f("creates", result.creates);
  f("updates", result.updates);
  f("replaces", result.replaces);
  f("destroys", result.destroys);
  f("forgets", result.forgets, "objects that nothing would manage any more");
  f("changes", result.changes, "what becomes of what");
  f("words", result.words);
}
void fields(sdk::Fields& f, ApplyArgs& args) {
  f("targets", args.targets, "addresses, as -target takes them; else everything").optional();
  f("replace", args.replace, kReplace).optional();
  f("within", args.within, "addresses of all that may be touched; else any").optional();
  f("creates", args.creates, "at most so many are created").optional();
  f("updates", args.updates, "at most so many are changed in place").optional();
  f("replaces", args.replaces, "at most so many are destroyed and created again").optional();
  f("destroys", args.destroys, "at most so many are destroyed").optional();
  f("forgets", args.forgets, "at most so many are not managed any more").optional();
  f("digest", args.digest, "this plan and no other, as plan_changes gave it");
  f("changes", args.changes, "what becomes of what, for people, as plan_changes gave it")
      .optional();
}
void fields(sdk::Fields& f, ApplyResult& result) {
  f("creates", result.creates, "objects that were created");
  f("updates", result.updates);
  f("replaces", result.replaces);
  f("destroys", result.destroys);
  f("words", result.words);
}

Result<ChangesResult> call_plan_changes(sdk::Call& call, const ChangesArgs& args,
                                        const WorkPlace& place) {
  const auto saved = save_plan(call, {.targets = args.targets, .replace = args.replace}, place);
  if (!saved) return fail(saved.error());
  const PlannedTotals& totals = saved->totals;
  ChangesResult result{.tool = saved->tool.program().name(),
                       .digest = totals.digest,
                       .creates = totals.creates,
                       .updates = totals.updates,
                       .replaces = totals.replaces,
                       .destroys = totals.destroys,
                       .forgets = totals.forgets};
  for (const PlannedChange& change : saved->changes) result.changes.push_back(named(change));
  result.words.push_back(result.tool + " plans: " + counts_of(totals));
  const std::size_t said = std::min(result.changes.size(), kMostSaid);
  result.words.insert(result.words.end(), result.changes.begin(),
                      result.changes.begin() + static_cast<std::ptrdiff_t>(said));
  if (totals.all() > said)
    result.words.push_back("and " + std::to_string(totals.all() - said) + " more");
  return result;
}

Result<sdk::Planned> plan_apply(const ApplyArgs& args, const WorkPlace& place, bool can_be_undone) {
  if (can_be_undone && args.updates + args.replaces + args.destroys + args.forgets > 0) {
    return fail({.code = "tfstate.for_good",
                 .message = "apply_plan takes back what it created; what is updated, replaced, "
                            "destroyed or forgotten it could not",
                 .hint = "that is done by apply_plan_for_good, which cannot be undone",
                 .category = Category::kPrecondition});
  }
  sdk::Planned planned(
      "let the tool plan in " + shown(place.directory) +
      ", the plan in memory alone, and apply that plan if it is " +
      (args.digest
           ? "exactly the approved one (digest " + shown(args.digest->substr(0, 12)) + "...)"
           : "within these bounds") +
      ": at most " +
      counts_of(args.creates, args.updates, args.replaces, args.destroys, args.forgets));
  if (const auto warning = fallback_warning(place.directory)) planned.effect(*warning);
  std::string only;
  for (const std::string& one : args.replace) planned.effect("make " + shown(one) + " anew");
  for (const std::string& one : args.within) only += (only.empty() ? "" : ", ") + shown(one);
  if (!only.empty()) planned.effect("touch nothing but " + only);
  const std::size_t said = std::min(args.changes.size(), kMostSaid);
  for (std::size_t i = 0; i < said; ++i) planned.effect(shown(args.changes[i]));
  if (args.changes.size() > said)
    planned.effect("and " + std::to_string(args.changes.size() - said) + " more");
  planned.resource(place.resource).resource(place.directory_resource);
  if (can_be_undone) planned.undo("let the tool destroy what it created here, and nothing else");
  return planned;
}

Result<ApplyResult> call_apply(sdk::Call& call, const ApplyArgs& args, const WorkPlace& place,
                               bool can_be_undone) {
  const std::vector<std::string> earlier = texts_of(call.facts().checkpoint.at("created"));
  std::uint64_t made_again = 0;
  auto saved = save_plan(
      call, {.targets = args.targets, .replace = args.replace}, place,
      [&](const PlannedChange& change) -> Result<> {
        const bool ours =
            std::find(earlier.begin(), earlier.end(), change.address) != earlier.end();
        if (ours && change.planning == Planning::kReplace) ++made_again;
        if (is_within(change.address, args.within)) return {};
        return fail(refused("tfstate.beyond_bounds",
                            "the tool plans to " + named(change) + ", which may not be touched"));
      });
  if (!saved) return fail(saved.error());
  // What an attempt that was cut off left half made is what was to be created.
  saved->totals.replaces -= made_again;
  saved->totals.creates += made_again;
  if (auto fits = within_bounds(saved->totals, args); !fits) return fail(fits.error());
  if (saved->totals.all() == 0)
    return result_of(saved->totals, "everything is as it is configured already");
  const std::vector<std::string> created = created_by(*saved, earlier);
  if (can_be_undone) {
    if (saved->totals.creates > kMostListed) {
      return fail(refused("tfstate.too_many", "the tool plans to create more than " +
                                                  std::to_string(kMostListed) +
                                                  " objects, which is more than is taken back"));
    }
    if (auto kept = call.record_undo(way_back(saved->tool.program(), created, place)); !kept)
      return fail(kept.error());
  }
  // Known to whoever comes after a crash.
  const auto note = [&](const process::Identity& identity) -> Result<> {
    Value tool = identity.to_value();
    if (can_be_undone) {
      auto kept = call.record_undo(way_back(saved->tool.program(), created, place, tool));
      if (!kept) return kept;
    }
    tool["created"] = addresses(created);
    return call.checkpoint(tool);
  };
  const ToolRun tool = tool_in_place(
      saved->tool.program(), place, saved->scratch, [&call] { return call.cancelled(); }, note);
  call.log(sdk::Level::kInfo, "applying with " + tool.program().name());
  const auto finished = tool.run({"apply", "-input=false", "-json", saved->tool.plan_file()});
  if (!finished) return fail(finished.error());
  if (!finished->succeeded()) {
    auto error = apply_failed(*saved, *finished, place);
    if (can_be_undone && earlier.empty() && error.outcome == Outcome::kNothingHappened)
      (void)call.record_undo(nothing_to_undo());
    return fail(std::move(error));
  }
  return result_of(saved->totals,
                   tool.program().name() + " has applied it: " + counts_of(saved->totals));
}

Result<sdk::Planned> plan_no_changes(const ChangesArgs& args, const WorkPlace& place) {
  std::string only;
  for (const std::string& target : args.targets) only += (only.empty() ? "" : ", ") + shown(target);
  sdk::Planned planned("verify that the tool finds nothing to do in " + shown(place.directory) +
                       (only.empty() ? "" : ", for " + only));
  return planned;
}

Result<ChangesResult> call_no_changes(sdk::Call& call, const ChangesArgs& args,
                                      const WorkPlace& place) {
  auto found = call_plan_changes(call, args, place);
  if (!found || found->changes.empty()) return found;
  return fail({.code = "tfstate.changes_left",
               .message = found->words.front() + "; " + found->changes.front() +
                          (found->changes.size() > 1 ? " and others" : ""),
               .hint = "snapcore call INSTANCE.plan_changes tells all",
               .category = Category::kConflict});
}

Result<sdk::Probed<ApplyResult>> probe_apply(sdk::Call& call, const ApplyArgs& args,
                                             const WorkPlace& place) {
  using Probed = sdk::Probed<ApplyResult>;
  const Value& checkpoint = call.facts().checkpoint;
  if (!process::Identity::from_value(checkpoint)) return Probed::not_started();
  if (auto ended = wait_for_tool(call, checkpoint, place); !ended)
    return Probed::cannot_tell(ended.error().message);
  const auto left = save_plan(call, {.targets = args.targets}, place);
  if (!left) return Probed::cannot_tell(left.error().message);
  if (left->totals.all() == 0 && !args.replace.empty()) {
    return Probed::cannot_tell("the tool finds nothing left to do, but it was to make " +
                               shown(args.replace.front()) +
                               " anew, and a state does not say whether it did");
  }
  if (left->totals.all() == 0)
    return Probed::done(result_of({}, "the tool finds nothing left to do"));
  const std::string now = "the tool still plans: " + counts_of(left->totals);
  if (args.digest && *args.digest == left->totals.digest) return Probed::not_started();
  return Probed::partial(now);
}

Result<sdk::Undone> undo_apply(sdk::Call& call,
                               const sdk::Compensation<ApplyArgs, ApplyResult>& was,
                               const WorkPlace& place) {
  const std::vector<std::string> created = texts_of(was.undo.at("created"));
  if (created.empty()) return sdk::Undone{{"nothing was applied"}};
  if (auto ended = wait_for_tool(call, was.undo.at("tool"), place); !ended)
    return fail(ended.error());
  const auto stays = [&](const std::string& why) {
    return fail({.code = "tfstate.applied_stays",
                 .message = "what the tool created in " + shown(place.directory) + " stays: " + why,
                 .category = Category::kPrecondition});
  };
  const auto saved =
      save_plan(call, {.targets = created, .destroy = true}, place,
                [&](const PlannedChange& change) -> Result<> {
                  const bool ours =
                      std::find(created.begin(), created.end(), change.address) != created.end();
                  if (ours && change.planning == Planning::kDestroy) return {};
                  return stays("to take it away the tool would also " + named(change));
                });
  if (!saved) return fail(saved.error());
  if (saved->totals.all() == 0) return sdk::Undone{{"nothing of what was to be created is there"}};
  // Let finish when it is stopped, as any tool that applies.
  const ToolRun tool = tool_in_place(
      saved->tool.program(), place, saved->scratch, [&call] { return call.cancelled(); },
      [](const process::Identity&) { return Result<>(); });
  const auto finished = tool.run({"apply", "-input=false", "-json", saved->tool.plan_file()});
  if (!finished) return fail(finished.error());
  if (!finished->succeeded()) return fail(apply_failed(*saved, *finished, place));
  return sdk::Undone{{tool.program().name() + " has destroyed what it had created: " +
                      std::to_string(saved->totals.destroys)}};
}

}  // namespace tfstate
