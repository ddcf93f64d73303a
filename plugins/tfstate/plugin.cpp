// The tfstate plugin: its operations, and what the core is told of them. The work is done
// elsewhere.
#include <chrono>
#include <snapcore/interfaces/objects.hpp>
#include <snapcore/interfaces/target.hpp>
#include <snapcore/plugin.hpp>
#include <snapcore/utf8.hpp>
#include <thread>

#include "backend.hpp"
#include "comparison.hpp"
#include "description.hpp"
#include "local_backend.hpp"
#include "object_backend.hpp"
#include "replacement.hpp"
#include "tool/decrypted.hpp"
#include "tool/errored.hpp"
#include "tool/fallback.hpp"
#include "tool/preview.hpp"
#include "tool/saved_plan.hpp"

namespace tfstate {
namespace {

using sdk::Call;
using sdk::Planned;
using snapcore::Category;
using snapcore::fail;

constexpr std::chrono::seconds kPatience(10);
constexpr std::chrono::milliseconds kPause(200);

Result<State> read_artifact(Call& call, const roles::ExamineArgs& args) {
  auto port = call.open_input(args.artifact);
  if (!port) return fail(port.error());
  JsonReader reader([&](std::span<std::byte> into) -> Result<std::size_t> {
    if (auto going = call.keep_going(); !going) return fail(going.error());
    return port->read(into);
  });
  return read_state(reader, name_of(args.artifact));
}

Result<roles::Examination> call_examine(Call& call, const roles::ExamineArgs& args) {
  const auto state = read_artifact(call, args);
  if (!state) return fail(state.error());
  return describe(*state, name_of(args.artifact));
}

Result<std::unique_ptr<Backend>> make_backend(const Config& config) {
  // In a fallback the state lies in a file, whatever the site says of its store.
  const bool in_fallback = !config.directory.empty() && fallback_warning(config.directory);
  if (!config.store || in_fallback) {
    auto place = locate(config);
    if (!place) return fail(place.error());
    return std::make_unique<LocalBackend>(std::move(*place));
  }
  auto place = locate_object(config);
  if (!place) return fail(place.error());
  return std::make_unique<ObjectBackend>(std::move(*place), table_maker(config));
}

class Plugin {
 public:
  Plugin(std::unique_ptr<Backend> backend, WorkPlace work)
      : backend_(std::move(backend)), work_(std::move(work)) {}

  static Result<std::unique_ptr<Plugin>> create(Call&, const Config& config) {
    auto backend = make_backend(config);
    // A directory whose state lies in an unknown store still has what the tool itself can do.
    if (!backend && backend.error().code != "tfstate.other_backend") return fail(backend.error());
    WorkPlace work{.directory = config.directory,
                   .workspace = config.chosen_workspace(),
                   .directory_resource = resource_of("tfstate-dir", config.directory),
                   .tool = config.tool};
    work.resource = backend ? (*backend)->resource() : work.directory_resource;
    auto made = std::make_unique<Plugin>(backend ? std::move(*backend) : nullptr, std::move(work));
    if (!backend) made->elsewhere_ = backend.error();
    return made;
  }

  Result<roles::Inspection> inspect(Call& call, const sdk::Nothing&);
  Result<roles::Examination> examine(Call& call, const roles::ExamineArgs& args) {
    auto found = call_examine(call, args);
    if (!found || elsewhere_) return found;
    const auto chosen = bytes_of(call, args.artifact);
    if (!chosen) return found;
    if (auto told = tell_meaning(call, *chosen, *found); !told) return fail(told.error());
    return found;
  }
  Result<DiffResult> diff(Call& call, const DiffArgs& args) {
    if (elsewhere_) return args.b ? call_diff(call, args) : fail(*elsewhere_);
    return diff_with_live(call, args, backend_->live_bytes(call));
  }
  Result<PreviewResult> preview(Call& call, const PreviewArgs& args) {
    if (elsewhere_) return fail(*elsewhere_);
    const auto live = backend_->live_bytes(call);
    if (!live) return fail(live.error());
    return call_preview(call, args, work_, *live);
  }
  Result<ChangesResult> plan_changes(Call& call, const ChangesArgs& args) {
    return call_plan_changes(call, args, work_);
  }
  Result<Planned> plan_apply_plan(Call&, const ApplyArgs& args) {
    return plan_apply(args, work_, true);
  }
  Result<ApplyResult> apply_plan(Call& call, const ApplyArgs& args) {
    return call_apply(call, args, work_, true);
  }
  Result<Planned> plan_apply_for_good(Call&, const ApplyArgs& args) {
    return plan_apply(args, work_, false);
  }
  Result<ApplyResult> apply_for_good(Call& call, const ApplyArgs& args) {
    return call_apply(call, args, work_, false);
  }
  Result<sdk::Probed<ApplyResult>> probe_apply_plan(Call& call, const ApplyArgs& args) {
    return probe_apply(call, args, work_);
  }
  Result<sdk::Undone> undo_apply_plan(Call& call,
                                      const sdk::Compensation<ApplyArgs, ApplyResult>& was) {
    return undo_apply(call, was, work_);
  }
  Result<Planned> plan_fall_back(Call& call, const FallbackArgs& args) {
    return plan_fallback(call, args, work_);
  }
  Result<FallbackResult> fall_back(Call& call, const FallbackArgs& args) {
    return call_fallback(call, args, work_);
  }
  Result<sdk::Undone> undo_fall_back(Call& call,
                                     const sdk::Compensation<FallbackArgs, FallbackResult>& was) {
    return undo_fallback(call, was, work_);
  }
  Result<FallbackStatus> fallback_status(Call& call, const sdk::Nothing& args) {
    return call_fallback_status(call, args, work_);
  }
  Result<Planned> plan_end_of_fallback(Call& call, const sdk::Nothing& args) {
    return plan_end_fallback(call, args, work_);
  }
  Result<FallbackResult> end_fallback(Call& call, const sdk::Nothing& args) {
    return call_end_fallback(call, args, work_);
  }
  Result<sdk::Undone> undo_end_of_fallback(
      Call& call, const sdk::Compensation<sdk::Nothing, FallbackResult>& was) {
    return undo_end_fallback(call, was, work_);
  }
  Result<Planned> plan_expect_no_changes(Call&, const ChangesArgs& args) {
    return plan_no_changes(args, work_);
  }
  Result<ChangesResult> expect_no_changes(Call& call, const ChangesArgs& args) {
    return call_no_changes(call, args, work_);
  }
  Result<roles::Captured> capture(Call& call, const sdk::Nothing&);

  Result<Planned> plan_stage(Call& call, const StageArgs& args) {
    if (elsewhere_) return fail(*elsewhere_);
    if (args.replaces && args.replaces->serial == kLargestSerial) {
      if (auto next = next_serial(args.replaces->serial, 0); !next) return fail(next.error());
    }
    auto planned = backend_->plan_stage(call, args);
    if (!planned) return planned;
    if (args.replaces)
      planned->effect("only while what it replaces is still " + words_of(*args.replaces));
    if (const auto warning = fallback_warning(work_.directory)) planned->effect(*warning);
    if (!args.destroys.empty())
      planned->concern(sdk::Guard::kDestroys, would_destroy(args.destroys));
    return planned;
  }
  Result<StageResult> stage(Call& call, const StageArgs& args) {
    return backend_->stage(call, args);
  }
  Result<sdk::Undone> undo_stage(Call& call, const sdk::Compensation<StageArgs, StageResult>& was);

  Result<roles::Verdict> check(Call& call, const CheckArgs& args) {
    auto words = backend_->check(call, args.staged);
    if (!words) return fail(words.error());
    return roles::Verdict{std::move(*words)};
  }

  Result<Planned> plan_activate(Call& call, const ActivateArgs&) {
    return backend_->plan_activate(call);
  }
  Result<ActivateResult> activate(Call& call, const ActivateArgs& args) {
    return backend_->activate(call, args);
  }
  Result<sdk::Undone> undo_activate(Call& call,
                                    const sdk::Compensation<ActivateArgs, ActivateResult>& was);

  Result<Planned> plan_health(Call&, const HealthArgs&) {
    return Planned("verify that " + state() +
                   " is the restored state, or what a tool has made of it");
  }
  Result<roles::Verdict> health(Call& call, const HealthArgs& args);

  Result<Planned> plan_discard(Call&, const DiscardArgs& args) {
    return Planned(args.staged.file.empty() ? "remove what was staged"
                                            : "remove " + args.staged.file);
  }
  Result<> discard(Call&, const DiscardArgs& args) {
    return backend_->remove_staged(args.staged.file);
  }

  Result<Planned> plan_release(Call&, const ReleaseArgs& args) {
    return Planned(args.kept.file.empty() ? "remove what was put aside"
                                          : "remove " + args.kept.file);
  }
  Result<> release(Call&, const ReleaseArgs& args) { return backend_->remove_kept(args.kept.file); }

  // As a source that is only read: the versions that its store has of the state.
  Result<> list(Call& call, const source::ListArgs& args) {
    if (elsewhere_) return fail(*elsewhere_);
    return told_of_fallback(backend_->list(call, args));
  }
  Result<sdk::Artifact> stat(Call& call, const source::StatArgs& args) {
    if (elsewhere_) return fail(*elsewhere_);
    return told_of_fallback(backend_->stat(call, args));
  }
  Result<> open(Call& call, const source::OpenArgs& args) {
    if (elsewhere_) return fail(*elsewhere_);
    return told_of_fallback(backend_->open(call, args));
  }

 private:
  // Whoever asks for versions in a fallback has forgotten it.
  template <class Answer>
  Answer told_of_fallback(Answer answer) const {
    if (answer) return answer;
    const auto warning = fallback_warning(work_.directory);
    if (!warning) return answer;
    snapcore::Error error = answer.error();
    error.message = *warning + "; " + error.message;
    return fail(std::move(error));
  }

  Result<> tell_meaning(Call& call, const StateBytes& chosen, roles::Examination& found) const;
  void describe_live(const LiveState& live, roles::Inspection& found) const;
  std::string state() const { return backend_->shown(); }

  std::unique_ptr<Backend> backend_;
  WorkPlace work_;
  std::optional<snapcore::Error> elsewhere_;  // why backend_ is none
};

// --- what is there

// What becomes of the live state with the chosen one, which the tool decrypts where they are
// encrypted.
Result<> Plugin::tell_meaning(Call& call, const StateBytes& chosen,
                              roles::Examination& found) const {
  const std::string not_known = "what would be managed by nothing from then on is NOT KNOWN: ";
  const auto plain = readable(call, work_, chosen);
  if (auto going = call.keep_going(); !going) return going;
  if (!plain) {
    if (plain.error().code == "tfstate.cannot_decrypt") {
      found.concerns.push_back(
          {sdk::Guard::kHash,
           "the tool cannot decrypt it with the settings it has here, so it is damaged, or "
           "encrypted with another key: " +
               plain.error().message});
    }
    found.evidence.push_back(not_known + plain.error().message);
    return {};
  }
  if (found.unseen) {
    found.unseen = "encrypted: nobody but the tool can look into it, and the tool decrypts it";
  }
  const auto live = backend_->live_bytes(call);
  if (!live) return {};
  const auto live_plain = readable(call, work_, *live);
  if (auto going = call.keep_going(); !going) return going;
  if (!live_plain) {
    // What is wrong with one that nobody encrypted is told elsewhere.
    if (live_plain.error().category != Category::kCorrupt)
      found.evidence.push_back(not_known + "of the live state, " + live_plain.error().message);
    return {};
  }
  for (std::string& line : meaning_of(call, *plain, *live_plain))
    found.evidence.push_back(std::move(line));
  return {};
}

Result<roles::Inspection> Plugin::inspect(Call& call, const sdk::Nothing&) {
  if (elsewhere_) return fail(*elsewhere_);
  roles::Inspection found{.keeps = roles::Keeps::kAside, .resources = {backend_->resource()}};
  const auto live = backend_->read_live(call, {});
  if (!live) {
    if (live.error().category != Category::kCorrupt) return fail(live.error());
    found.evidence.push_back(live.error().message);
    const auto broken = backend_->read_broken_live();
    if (!broken) return fail(broken.error());
    if (*broken && (*broken)->state.serial <= kLargestSerial)
      found.replaces = sdk::to_value(replaced_by(**broken));
  } else {
    describe_live(*live, found);
    const Replaced replaced = replaced_by(*live);
    // Of another one stage says why it cannot be replaced.
    if (replaced.serial <= kLargestSerial) found.replaces = sdk::to_value(replaced);
  }
  if (const auto expected = backend_->expected_lineage(); expected && found.identity.is_null()) {
    found.identity = snapcore::Value::object({{"lineage", expected->lineage}});
    found.evidence.push_back(expected->why);
  }
  if (auto words = errored_words(work_.directory)) found.evidence.push_back(std::move(*words));
  if (auto warning = fallback_warning(work_.directory))
    found.evidence.push_back(std::move(*warning));
  const auto holder = backend_->lock_holder(call);
  if (!holder) return fail(holder.error());
  if (*holder) {
    found.evidence.push_back("it is locked by " + (*holder)->words);
    found.concerns.push_back(
        {sdk::Guard::kLock, state() + " is locked by " + (*holder)->words +
                                ", and nothing is written while it is: " + (*holder)->hint});
  }
  return found;
}

void Plugin::describe_live(const LiveState& live, roles::Inspection& found) const {
  const State& now = live.state;
  found.identity = identity_of(now);
  if (!now.terraform_version.empty()) found.version = now.terraform_version;
  found.readable = now.form != Form::kNothing;
  // A state that holds nothing is what is left after a loss: nothing in it is worth a guard.
  found.healthy = now.form == Form::kEncrypted || now.form == Form::kOldState ||
                  now.counts.instances + now.counts.outputs > 0;
  found.evidence.push_back(state() + ": " + summary_of(now));
  if (!live.deleted) return;
  found.identity = identity_of(*live.deleted);
  found.evidence.push_back("it was deleted; before, it was " + summary_of(*live.deleted));
}

Result<roles::Captured> Plugin::capture(Call& call, const sdk::Nothing&) {
  if (elsewhere_) return fail(*elsewhere_);
  const auto live = backend_->read_live(call, [&](std::span<const std::byte> bytes) -> Result<> {
    if (auto going = call.keep_going(); !going) return going;
    return call.port(roles::kContent).write(bytes);
  });
  if (!live) return fail(live.error());
  if (auto described = describe(live->state, state()); !described) return fail(described.error());
  return roles::Captured{.kind = std::string(kStateKind),
                         .manifest = snapcore::Value::object(
                             {{"kind", kStateKind}, {"identity", identity_of(live->state)}})};
}

Result<roles::Verdict> Plugin::health(Call& call, const HealthArgs& args) {
  const auto end = std::chrono::steady_clock::now() +
                   (args.deadline ? std::chrono::milliseconds(args.deadline->length) : kPatience);
  for (;;) {
    if (auto going = call.keep_going(); !going) return fail(going.error());
    const auto live = backend_->read_live(call, {});
    if (live && live->sha256 == args.expected.sha256)
      return roles::Verdict{{state() + " is the restored state (" + summary_of(live->state) + ")"}};
    if (live && live->state.lineage == args.expected.lineage &&
        live->state.serial > args.expected.serial) {
      return roles::Verdict{{"a tool has written to it since: " + summary_of(live->state)}};
    }
    // A tool that is writing right now leaves a file that is short for a moment.
    if (std::chrono::steady_clock::now() >= end) {
      if (!live) return fail(live.error());
      return fail({.code = "tfstate.another_state",
                   .message = state() + " is not the restored state: " + summary_of(live->state),
                   .category = Category::kConflict});
    }
    std::this_thread::sleep_for(kPause);
  }
}

// --- what is taken back

Result<sdk::Undone> Plugin::undo_stage(Call&,
                                       const sdk::Compensation<StageArgs, StageResult>& was) {
  if (!was.recorded) return sdk::Undone{{"nothing was staged"}};
  if (auto removed = backend_->remove_staged(was.undo.at("file").text()); !removed)
    return fail(removed.error());
  return sdk::Undone{{"removed the staged state"}};
}

Result<sdk::Undone> Plugin::undo_activate(
    Call& call, const sdk::Compensation<ActivateArgs, ActivateResult>& was) {
  if (!was.recorded) return sdk::Undone{{"the old state is in its place"}};
  auto words = backend_->take_back(call, was.undo);
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
      .source()
      .needs(objects::kInterface)
      .kind(kStateKind, 0, "{\n  \"version\": 4,")
      .kind(kStateKind, 0, "{\"version\":4,")  // as OpenTofu writes it into a store
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
      .operation(source::list(&Plugin::list))
      .operation(source::stat(&Plugin::stat))
      .operation(source::open(&Plugin::open))
      .operation(
          sdk::read("diff", &Plugin::diff)
              .summary(
                  "tells what became of the objects of one state in another, or in the live one")
              .emits<DiffItem>()
              .or_without_instance(&call_diff))
      .operation(sdk::read("preview", &Plugin::preview)
                     .summary("asks the tool itself what it would do if a copy were its state"))
      .operation(sdk::read("plan_changes", &Plugin::plan_changes)
                     .summary("asks the tool what it would do now, for apply_plan"))
      .operation(sdk::change("apply_plan", &Plugin::plan_apply_plan, &Plugin::apply_plan)
                     .summary("lets the tool create what was approved, and nothing else")
                     .probe_by(&Plugin::probe_apply_plan)
                     .undo_by(&Plugin::undo_apply_plan))
      .operation(
          sdk::destroy("apply_plan_for_good", &Plugin::plan_apply_for_good, &Plugin::apply_for_good)
              .summary("lets the tool do what was approved, and nothing else")
              .probe_by(&Plugin::probe_apply_plan)
              .undo_none("what the tool changes or destroys is not taken back"))
      .operation(sdk::verify("expect_no_changes", &Plugin::plan_expect_no_changes,
                             &Plugin::expect_no_changes)
                     .summary("the tool finds nothing to do"))
      .operation(sdk::change("fallback", &Plugin::plan_fall_back, &Plugin::fall_back)
                     .summary("works with a local copy of the state while its store is away")
                     .repeat(Repeat::kKeyed)
                     .undo_by(&Plugin::undo_fall_back))
      .operation(sdk::read("fallback_status", &Plugin::fallback_status)
                     .summary("compares the local state of a fallback with that of the store"))
      .operation(sdk::change("end_fallback", &Plugin::plan_end_of_fallback, &Plugin::end_fallback)
                     .summary("brings the local state of a fallback back into its store")
                     .repeat(Repeat::kKeyed)
                     .undo_by(&Plugin::undo_end_of_fallback));
}

}  // namespace
}  // namespace tfstate

SNAPCORE_PLUGIN(tfstate::describe_plugin);
