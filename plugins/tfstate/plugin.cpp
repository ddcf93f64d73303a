// The tfstate plugin: its operations, and what the core is told of them. The work is done
// elsewhere.
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <snapcore/interfaces/target.hpp>
#include <snapcore/plugin.hpp>
#include <snapcore/support/files.hpp>
#include <snapcore/support/process.hpp>
#include <snapcore/utf8.hpp>
#include <thread>

#include "activation.hpp"
#include "comparison.hpp"
#include "description.hpp"
#include "live_state.hpp"
#include "staging.hpp"

namespace tfstate {
namespace {

namespace sdk = snapcore::sdk;
namespace roles = snapcore::sdk::target;
namespace files = snapcore::files;
using sdk::Call;
using sdk::Planned;
using snapcore::Category;
using snapcore::fail;
using snapcore::shown;
using snapcore::process::shell_line;

constexpr std::string_view kVersion = "1.0.0";
constexpr std::chrono::seconds kPatience(10);
constexpr std::chrono::milliseconds kPause(200);

struct StageArgs : roles::StageArgs {
  std::vector<std::string> waived = {};
};
void fields(sdk::Fields& f, StageArgs& args) {
  fields(f, static_cast<roles::StageArgs&>(args));
  f("waived", args.waived, "guards that were waived").optional();
}

using StageResult = roles::Staged<Staged, Expected>;
using CheckArgs = roles::CheckArgs<Staged>;
using ActivateArgs = roles::ActivateArgs<Staged>;
using ActivateResult = roles::Activated<Kept>;
using HealthArgs = roles::HealthArgs<Expected>;
using DiscardArgs = roles::DiscardArgs<Staged>;
using ReleaseArgs = roles::ReleaseArgs<Kept>;

std::string name_of(const sdk::Artifact& artifact) {
  return artifact.name.empty() ? artifact.ref : artifact.name;
}

Result<roles::Examination> call_examine(Call& call, const roles::ExamineArgs& args) {
  auto port = call.open_input(args.artifact);
  if (!port) return fail(port.error());
  JsonReader reader([&](std::span<std::byte> into) -> Result<std::size_t> {
    if (auto going = call.keep_going(); !going) return fail(going.error());
    return port->read(into);
  });
  const auto state = read_state(reader, name_of(args.artifact));
  if (!state) return fail(state.error());
  return describe(*state, name_of(args.artifact));
}

// ".staged-20260102T030405Z-1a2b3c4d"
Result<std::string> suffix_of(const Call& call, std::string_view what) {
  const sdk::Facts& facts = call.facts();
  if (facts.started && facts.key.size() >= 32) {
    return "." + std::string(what) + "-" + facts.started->stamp() + "-" + facts.key.substr(0, 8);
  }
  return fail({.code = "tfstate.no_run",
               .message = "the host told neither when the run started nor the call's key",
               .category = Category::kInternal});
}

std::string who_we_are() {
  char host[256] = "", space[4096];
  (void)::gethostname(host, sizeof host - 1);
  struct passwd entry = {};
  struct passwd* found = nullptr;
  const bool known = ::getpwuid_r(::geteuid(), &entry, space, sizeof space, &found) == 0 && found;
  return (known ? std::string(entry.pw_name) : std::to_string(::geteuid())) + "@" + host;
}

LockInfo lock_of(const Call& call, const Place& place, std::string operation) {
  const sdk::Facts& facts = call.facts();
  return {.id = uuid_from(facts.key),
          .operation = std::move(operation),
          .info = "run " + facts.run,
          .who = who_we_are(),
          .version = "snapcore " + std::string(kVersion),
          .created = facts.started ? facts.started->text() : "",
          .path = place.shown_path};
}

class Plugin {
 public:
  explicit Plugin(Place place) : place_(std::move(place)) {}

  static Result<std::unique_ptr<Plugin>> create(Call&, const Config& config) {
    auto place = locate(config);
    if (!place) return fail(place.error());
    return std::make_unique<Plugin>(std::move(*place));
  }

  Result<roles::Inspection> inspect(Call& call, const sdk::Nothing&);
  Result<roles::Examination> examine(Call& call, const roles::ExamineArgs& args) {
    auto found = call_examine(call, args);
    if (!found) return found;
    for (std::string& line : meaning_of(call, args.artifact, place_))
      found->evidence.push_back(std::move(line));
    return found;
  }
  Result<DiffResult> diff(Call& call, const DiffArgs& args) {
    return diff_with_live(call, args, place_);
  }
  Result<roles::Captured> capture(Call& call, const sdk::Nothing&);

  Result<Planned> plan_stage(Call& call, const StageArgs& args);
  Result<StageResult> stage(Call& call, const StageArgs& args);
  Result<sdk::Undone> undo_stage(Call& call, const sdk::Compensation<StageArgs, StageResult>& was);

  Result<roles::Verdict> check(Call&, const CheckArgs& args) {
    auto words = check_staged(place_, args.staged);
    if (!words) return fail(words.error());
    return roles::Verdict{std::move(*words)};
  }

  Result<Planned> plan_activate(Call& call, const ActivateArgs& args);
  Result<ActivateResult> activate(Call& call, const ActivateArgs& args);
  Result<sdk::Undone> undo_activate(Call& call,
                                    const sdk::Compensation<ActivateArgs, ActivateResult>& was);

  Result<Planned> plan_health(Call&, const HealthArgs&) {
    return Planned("verify that " + file() +
                   " is the restored state, or what a tool has made of it");
  }
  Result<roles::Verdict> health(Call& call, const HealthArgs& args);

  Result<Planned> plan_discard(Call&, const DiscardArgs& args) {
    return Planned(args.staged.file.empty() ? "remove what was staged"
                                            : "remove " + args.staged.file);
  }
  Result<> discard(Call&, const DiscardArgs& args) { return remove_staged(args.staged.file); }

  Result<Planned> plan_release(Call&, const ReleaseArgs& args) {
    return Planned(args.kept.file.empty() ? "remove what was put aside"
                                          : "remove " + args.kept.file);
  }
  Result<> release(Call&, const ReleaseArgs& args) { return remove_kept(args.kept.file); }

 private:
  std::string file() const { return shown(place_.file.string()); }

  // Only what lies beside the state under a name that we make.
  Result<> remove_named(const std::string& name, std::string_view what) {
    if (name.empty()) return {};
    if (!name.starts_with(place_.file.string() + "." + std::string(what) + "-")) {
      return fail({.code = "tfstate.not_ours",
                   .message = shown(name) + " does not lie beside " + file(),
                   .category = Category::kInternal});
    }
    for (const std::string& one : {name + ".part", name}) {
      if (auto removed = files::remove_file(one); !removed) return removed;
    }
    return files::fsync_directory(place_.file.parent_path());
  }
  Result<> remove_staged(const std::string& name) { return remove_named(name, "staged"); }
  Result<> remove_kept(const std::string& name) { return remove_named(name, "kept"); }

  Place place_;
};

// --- what is there

Result<roles::Inspection> Plugin::inspect(Call&, const sdk::Nothing&) {
  roles::Inspection found{.keeps = roles::Keeps::kAside, .resources = {place_.resource()}};
  const auto live = read_live(place_.file);
  if (!live) {
    if (live.error().category != Category::kCorrupt) return fail(live.error());
    found.evidence.push_back(live.error().message);
  } else {
    const State& state = live->state;
    found.identity = identity_of(state);
    if (!state.terraform_version.empty()) found.version = state.terraform_version;
    found.readable = state.form != Form::kNothing;
    // A state that holds nothing is what is left after a loss: nothing in it is worth a guard.
    found.healthy = state.form == Form::kEncrypted || state.form == Form::kOldState ||
                    state.counts.instances + state.counts.outputs > 0;
    found.evidence.push_back(file() + ": " + summary_of(state));
  }
  if (found.identity.is_null() && place_.lineage) {
    found.identity = snapcore::Value::object({{"lineage", *place_.lineage}});
    found.evidence.push_back("its lineage is as the site says");
  }
  if (is_locked(place_)) {
    const auto holder = holder_of(place_);
    found.evidence.push_back("it is locked by " + (holder ? words_of(*holder) : "somebody"));
  }
  return found;
}

Result<roles::Captured> Plugin::capture(Call& call, const sdk::Nothing&) {
  const auto live = read_live(place_.file, [&](std::span<const std::byte> bytes) -> Result<> {
    if (auto going = call.keep_going(); !going) return going;
    return call.port(roles::kContent).write(bytes);
  });
  if (!live) return fail(live.error());
  if (auto described = describe(live->state, place_.file.string()); !described)
    return fail(described.error());
  return roles::Captured{.kind = std::string(kStateKind),
                         .manifest = snapcore::Value::object(
                             {{"kind", kStateKind}, {"identity", identity_of(live->state)}})};
}

Result<roles::Verdict> Plugin::health(Call& call, const HealthArgs& args) {
  const auto end = std::chrono::steady_clock::now() +
                   (args.deadline ? std::chrono::milliseconds(args.deadline->length) : kPatience);
  for (;;) {
    if (auto going = call.keep_going(); !going) return fail(going.error());
    const auto live = read_live(place_.file);
    if (live && live->sha256 == args.expected.sha256)
      return roles::Verdict{{file() + " is the restored state (" + summary_of(live->state) + ")"}};
    if (live && live->state.lineage == args.expected.lineage &&
        live->state.serial > args.expected.serial) {
      return roles::Verdict{{"a tool has written to it since: " + summary_of(live->state)}};
    }
    // A tool that is writing right now leaves a file that is short for a moment.
    if (std::chrono::steady_clock::now() >= end) {
      if (!live) return fail(live.error());
      return fail({.code = "tfstate.another_state",
                   .message = file() + " is not the restored state: " + summary_of(live->state),
                   .category = Category::kConflict});
    }
    std::this_thread::sleep_for(kPause);
  }
}

// --- stage

Result<Planned> Plugin::plan_stage(Call& call, const StageArgs& args) {
  Planned planned("stage " + (call.unknown("from") ? "the state" : shown(name_of(args.from))) +
                  " beside " + file());
  planned.effect(
      "with a serial above that of both, so that every tool takes it for newer; an "
      "encrypted one as it is");
  const std::uint64_t size = call.unknown("from") ? 0 : args.from.size;
  const auto space = files::free_space(place_.file.parent_path());
  if (!space) return fail(space.error());
  // Received, edited, and the old one kept: three times at most for a while.
  planned.bytes(size).space(place_.file.parent_path().string(), 3 * size, space->free);
  return planned.resource(place_.resource()).undo("remove the staged state");
}

Result<StageResult> Plugin::stage(Call& call, const StageArgs& args) {
  auto suffix = suffix_of(call, "staged");
  if (!suffix) return fail(suffix.error());
  auto port = call.open_input(args.from);
  if (!port) return fail(port.error());
  const bool waived =
      std::find(args.waived.begin(), args.waived.end(), "identity") != args.waived.end();
  const StagingWork work{
      .name = name_of(args.from),
      .suffix = std::move(*suffix),
      .other_lineage = waived,
      .read = [&](std::span<std::byte> into) { return port->read(into); },
      .record_undo =
          [&](const std::string& staged) {
            return call.record_undo(
                {.data = snapcore::Value::object({{"file", staged}}),
                 .words = {"remove " + shown(staged)},
                 .shell = {shell_line({"rm", "-f", "--", staged, staged + ".part"})}});
          },
      .keep_going = [&] { return call.keep_going(); }};
  auto staged = tfstate::stage(place_, work);
  if (!staged) return fail(staged.error());
  const Staged& handle = staged->handle;
  return StageResult{
      .handle = handle,
      .expected = {.sha256 = handle.sha256, .lineage = handle.lineage, .serial = handle.serial},
      .words = std::move(staged->words)};
}

Result<sdk::Undone> Plugin::undo_stage(Call&,
                                       const sdk::Compensation<StageArgs, StageResult>& was) {
  if (!was.recorded) return sdk::Undone{{"nothing was staged"}};
  if (auto removed = remove_staged(was.undo.at("file").text()); !removed)
    return fail(removed.error());
  return sdk::Undone{{"removed the staged state"}};
}

// --- activate

Result<Planned> Plugin::plan_activate(Call&, const ActivateArgs&) {
  Planned planned("lock " + file() +
                  " as the tools do, or fail at once when one of them works with it");
  planned.effect("write the staged state into it, and give the lock back");
  planned.keeps("the old state stays as " + file() + ".kept-<time>-<key>");
  planned.undo("put the old state back, under the lock");
  const std::string quoted = shell_line({place_.file.string()});
  planned.shell("[ ! -e " + quoted + " ] || cp -p -- " + quoted + " " + quoted +
                ".kept-\"$stamp\"");
  planned.shell("cp -- \"$artifact\" " + quoted);
  return planned.resource(place_.resource());
}

Result<ActivateResult> Plugin::activate(Call& call, const ActivateArgs& args) {
  auto suffix = suffix_of(call, "kept");
  if (!suffix) return fail(suffix.error());
  const ActivationWork work{
      .lock = lock_of(call, place_, "snapcore-restore"),
      .suffix = std::move(*suffix),
      .record_undo =
          [&](const WayBack& back) {
            sdk::Undo undo{.data = sdk::to_value(back), .words = {"put the old state back"}};
            if (!back.kept.empty())
              undo.shell = {shell_line({"cp", "--", back.kept, place_.file.string()})};
            return call.record_undo(undo);
          },
      .say = [&](const std::string& words) { call.log(sdk::Level::kInfo, words); }};
  auto done = tfstate::activate(place_, args.staged, work);
  if (!done) return fail(done.error());
  return ActivateResult{.kept = std::move(done->kept), .words = std::move(done->words)};
}

Result<sdk::Undone> Plugin::undo_activate(
    Call& call, const sdk::Compensation<ActivateArgs, ActivateResult>& was) {
  if (!was.recorded) return sdk::Undone{{"the old state is in its place"}};
  const auto back = sdk::from_value<WayBack>(was.undo);
  if (!back) return fail(back.error());
  auto words = take_back(place_, *back, lock_of(call, place_, "snapcore-undo"));
  if (!words) return fail(words.error());
  return sdk::Undone{std::move(*words)};
}

// --- the table

sdk::Plugin<Plugin> describe_plugin() {
  using sdk::Repeat;
  return sdk::Plugin<Plugin>("tfstate", kVersion)
      .license("Apache-2.0")
      .summary("brings back states of OpenTofu and Terraform")
      .target()
      .kind(kStateKind, 0, "{\n  \"version\": 4,")
      .operation(roles::inspect(&Plugin::inspect))
      .operation(roles::examine(&Plugin::examine).or_without_instance(&call_examine))
      .operation(roles::capture(&Plugin::capture))
      .operation(roles::stage(&Plugin::plan_stage, &Plugin::stage)
                     .repeat(Repeat::kKeyed)
                     .undo_by(&Plugin::undo_stage))
      .operation(roles::check(&Plugin::check))
      .operation(roles::activate(&Plugin::plan_activate, &Plugin::activate)
                     .repeat(Repeat::kKeyed)
                     .undo_by(&Plugin::undo_activate))
      .operation(roles::health(&Plugin::plan_health, &Plugin::health))
      .operation(roles::discard(&Plugin::plan_discard, &Plugin::discard).repeat(Repeat::kSafe))
      .operation(roles::release(&Plugin::plan_release, &Plugin::release).repeat(Repeat::kSafe))
      .operation(
          sdk::read("diff", &Plugin::diff)
              .summary(
                  "tells what became of the objects of one state in another, or in the live one")
              .emits<DiffItem>()
              .or_without_instance(&call_diff));
}

}  // namespace
}  // namespace tfstate

SNAPCORE_PLUGIN(tfstate::describe_plugin);
