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

namespace tfstate {
namespace {

using sdk::Call;
using sdk::Planned;
using snapcore::Category;
using snapcore::fail;
using snapcore::shown;

constexpr std::chrono::seconds kPatience(10);
constexpr std::chrono::milliseconds kPause(200);

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

Result<std::unique_ptr<Backend>> make_backend(const Config& config) {
  if (!config.store) {
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
  explicit Plugin(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {}

  static Result<std::unique_ptr<Plugin>> create(Call&, const Config& config) {
    auto backend = make_backend(config);
    if (!backend) return fail(backend.error());
    return std::make_unique<Plugin>(std::move(*backend));
  }

  Result<roles::Inspection> inspect(Call& call, const sdk::Nothing&);
  Result<roles::Examination> examine(Call& call, const roles::ExamineArgs& args) {
    auto found = call_examine(call, args);
    if (!found) return found;
    for (std::string& line : meaning_of(call, args.artifact, backend_->live_bytes(call)))
      found->evidence.push_back(std::move(line));
    return found;
  }
  Result<DiffResult> diff(Call& call, const DiffArgs& args) {
    return diff_with_live(call, args, backend_->live_bytes(call));
  }
  Result<roles::Captured> capture(Call& call, const sdk::Nothing&);

  Result<Planned> plan_stage(Call& call, const StageArgs& args) {
    return backend_->plan_stage(call, args);
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
  Result<> list(Call& call, const source::ListArgs& args) { return backend_->list(call, args); }
  Result<sdk::Artifact> stat(Call& call, const source::StatArgs& args) {
    return backend_->stat(call, args);
  }
  Result<> open(Call& call, const source::OpenArgs& args) { return backend_->open(call, args); }

 private:
  void describe_live(const LiveState& live, roles::Inspection& found) const;
  std::string state() const { return backend_->shown(); }

  std::unique_ptr<Backend> backend_;
};

// --- what is there

Result<roles::Inspection> Plugin::inspect(Call& call, const sdk::Nothing&) {
  roles::Inspection found{.keeps = roles::Keeps::kAside, .resources = {backend_->resource()}};
  const auto live = backend_->read_live(call, {});
  if (!live) {
    if (live.error().category != Category::kCorrupt) return fail(live.error());
    found.evidence.push_back(live.error().message);
  } else {
    describe_live(*live, found);
  }
  if (const auto expected = backend_->expected_lineage(); expected && found.identity.is_null()) {
    found.identity = snapcore::Value::object({{"lineage", expected->lineage}});
    found.evidence.push_back(expected->why);
  }
  const auto holder = backend_->lock_holder(call);
  if (!holder) return fail(holder.error());
  if (*holder) found.evidence.push_back("it is locked by " + **holder);
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
              .or_without_instance(&call_diff));
}

}  // namespace
}  // namespace tfstate

SNAPCORE_PLUGIN(tfstate::describe_plugin);
