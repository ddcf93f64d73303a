// The etcd plugin: its operations, and what the core is told of them. The work is done elsewhere.
#include <algorithm>
#include <format/key_space.hpp>
#include <snapcore/interfaces/target.hpp>
#include <snapcore/plugin.hpp>
#include <snapcore/support/process.hpp>

#include "activation.hpp"
#include "artifact_file.hpp"
#include "by_hand.hpp"
#include "examination.hpp"
#include "health.hpp"
#include "inspection.hpp"
#include "keys.hpp"
#include "raising.hpp"
#include "reading/operations.hpp"
#include "staged_check.hpp"
#include "staging.hpp"

namespace etcd {
namespace {

namespace sdk = snapcore::sdk;
namespace roles = snapcore::sdk::target;
using sdk::Call;
using sdk::Planned;
using snapcore::Category;
using snapcore::fail;

struct StageArgs : roles::StageArgs {
  std::optional<std::string> new_token = {};
  std::optional<std::int64_t> bump_revision = {};
  std::vector<std::string> waived = {};
};
void fields(sdk::Fields& f, StageArgs& args) {
  fields(f, static_cast<roles::StageArgs&>(args));
  f("new_token", args.new_token, "cluster token of the restored cluster; default: a fresh one");
  f("bump_revision", args.bump_revision,
    "raise the revision by this and compact, so that old watches notice; default: 1000000000 for "
    "data of Kubernetes, else 0")
      .range(0, std::int64_t{1} << 60);
  f("waived", args.waived, "guards that were waived").optional();
}

// The digest of all but the last 32 bytes stands behind a snapshot.
Result<bool> digest_is_kept(sdk::Port& port, std::optional<std::uint64_t> size) {
  constexpr std::uint64_t kAtEnd = snapcore::Sha256::kSize;
  if (!size || *size <= kAtEnd) return false;
  return port.keep_digest(*size - kAtEnd);
}

using StageResult = roles::Staged<Staged, Expected>;
using CheckArgs = roles::CheckArgs<Staged>;
using ActivateArgs = roles::ActivateArgs<Staged>;
using ActivateResult = roles::Activated<Kept>;
using HealthArgs = roles::HealthArgs<Expected>;
using DiscardArgs = roles::DiscardArgs<Staged>;
using ReleaseArgs = roles::ReleaseArgs<Kept>;

Watch watch_of(Call& call) {
  return {.cancelled = [&call] { return call.cancelled(); },
          .say = [&call](const std::string& words) { call.log(sdk::Level::kInfo, words); }};
}

// A way back is not stopped half way.
Watch stubborn_watch_of(Call& call) {
  Watch watch = watch_of(call);
  watch.cancelled = [] { return false; };
  return watch;
}

Step logged_steps(Call& call) {
  return [&call](const std::string& words) -> Result<> {
    call.log(sdk::Level::kInfo, words);
    return {};
  };
}

Result<std::string> stamp_of(const Call& call) {
  const sdk::Facts& facts = call.facts();
  if (facts.started && facts.key.size() >= 32) return facts.started->stamp();
  return fail({.code = "etcd.no_run",
               .message = "the host told neither when the run started nor the call's key",
               .category = Category::kInternal});
}

std::string name_of(const sdk::Artifact& artifact) {
  return artifact.name.empty() ? artifact.ref : artifact.name;
}

Result<Examined> examine_artifact(Call& call, const sdk::Artifact& artifact) {
  const auto file = ArtifactFile::open(call, artifact);
  if (!file) return fail(file.error());
  auto examined = etcd::examine(file->bytes(), file->name(),
                                {.require_trailer = false, .canceled = watch_of(call).cancelled});
  if (auto same = file->finish(); !same) return fail(same.error());
  if (!examined) return examined;
  if (const std::string problem = meta_page_in(*examined); !problem.empty())
    call.log(sdk::Level::kWarning, file->name() + ": " + problem);
  return examined;
}

// By itself a snapshot is what it is; whether a cluster can take it is another question.
Result<Examination> call_examine(Call& call, const roles::ExamineArgs& args) {
  const auto examined = examine_artifact(call, args.artifact);
  if (!examined) return fail(examined.error());
  return describe(*examined);
}

ActivateResult result_of(Activated done) {
  ActivateResult result{.kept = {}, .words = std::move(done.words)};
  if (!done.kept.members.empty()) result.kept = std::move(done.kept);
  return result;
}

Result<std::vector<Place>> places_of(const Target& target) {
  std::vector<Place> places;
  for (const TargetMember& member : target.members) {
    auto place = locate(member);
    if (!place) return fail(place.error());
    places.push_back(std::move(*place));
  }
  return places;
}

void tell_by_hand(Planned& planned, std::vector<std::string> lines) {
  for (std::string& line : lines) planned.shell(std::move(line));
}

class Plugin {
 public:
  Plugin(Target target, std::optional<sdk::Secret> password)
      : target_(std::move(target)), password_(std::move(password)) {}

  static Result<std::unique_ptr<Plugin>> create(Call&, const Config& config) {
    auto target = make_target(config);
    if (!target) return fail(target.error());
    return std::make_unique<Plugin>(std::move(*target), config.password);
  }

  Result<roles::Inspection> inspect(Call& call, const sdk::Nothing&) {
    if (auto learned = learn_password(call); !learned) return fail(learned.error());
    return etcd::inspect(target_, watch_of(call).cancelled);
  }

  Result<StatusFacts> status(Call& call, const sdk::Nothing&) {
    if (auto learned = learn_password(call); !learned) return fail(learned.error());
    return status_of(target_, watch_of(call).cancelled);
  }

  Result<Examination> examine(Call& call, const roles::ExamineArgs& args) {
    const auto examined = examine_artifact(call, args.artifact);
    if (!examined) return fail(examined.error());
    Sight sight(target_, watch_of(call).cancelled);
    return describe_for(
        {.version = version_to_come(target_, sight), .has_user = target_.login != nullptr},
        *examined);
  }

  Result<Planned> plan_stage(Call& call, const StageArgs& args);
  Result<StageResult> stage(Call& call, const StageArgs& args);
  Result<sdk::Undone> undo_stage(Call& call, const sdk::Compensation<StageArgs, StageResult>& was);

  Result<roles::Verdict> check(Call& call, const CheckArgs& args) {
    auto words = check_staged(target_, args.staged, watch_of(call));
    if (!words) return fail(words.error());
    return roles::Verdict{std::move(*words)};
  }

  Result<Planned> plan_activate(Call& call, const ActivateArgs& args);
  Result<ActivateResult> activate(Call& call, const ActivateArgs& args);
  Result<sdk::Probed<ActivateResult>> probe_activate(Call& call, const ActivateArgs& args);
  Result<sdk::Undone> undo_activate(Call& call,
                                    const sdk::Compensation<ActivateArgs, ActivateResult>& was);

  Result<Planned> plan_health(Call&, const HealthArgs&) {
    Planned planned("verify that " + counted(target_.members.size(), "member") +
                    (target_.members.size() == 1 ? " forms" : " form") +
                    " the restored cluster, healthy, with one revision and one hash");
    tell_by_hand(planned, health_by_hand(target_));
    return planned;
  }
  Result<roles::Verdict> health(Call& call, const HealthArgs& args) {
    const std::chrono::milliseconds patience =
        args.deadline ? args.deadline->length : target_.health_timeout;
    if (auto learned = learn_password(call); !learned) return fail(learned.error());
    auto words = verify_health(target_, args.expected, patience, watch_of(call));
    if (!words) return fail(words.error());
    return roles::Verdict{std::move(*words)};
  }

  Result<Planned> plan_expect_keys(Call& call, const KeysWanted& wanted) {
    if (!call.unknown("prefix") && !call.unknown("key")) {
      if (auto ok = check_wanted(wanted); !ok) return fail(ok.error());
    }
    Planned planned;
    for (std::string& words : describe(wanted)) planned.effect(std::move(words));
    return planned;
  }
  Result<KeysFound> expect_keys(Call& call, const KeysWanted& wanted) {
    if (auto learned = learn_password(call); !learned) return fail(learned.error());
    return etcd::expect_keys(target_, wanted, watch_of(call).cancelled);
  }

  Result<Planned> plan_discard(Call&, const DiscardArgs& args) {
    Planned planned;
    for (const std::string& directory : staged_directories(args.staged))
      planned.effect("remove " + directory);
    if (args.staged.members.empty()) planned.effect("remove what was staged");
    return planned;
  }
  Result<> discard(Call&, const DiscardArgs& args) { return etcd::discard(args.staged); }

  Result<Planned> plan_release(Call&, const ReleaseArgs& args) {
    Planned planned;
    for (const KeptMember& member : args.kept.members) {
      for (const std::string& backup : member.backups) planned.effect("remove " + backup);
    }
    if (args.kept.members.empty()) planned.effect("remove what was put aside");
    return planned;
  }
  Result<> release(Call&, const ReleaseArgs& args) {
    auto words = etcd::release(args.kept);
    if (!words) return fail(words.error());
    return {};
  }

 private:
  // Whoever opens an instance is given no secrets.
  Result<> learn_password(Call& call) {
    if (!password_) return {};
    auto password = call.secret(*password_);
    if (!password) return fail(password.error());
    target_.login->learn(std::move(*password));
    return {};
  }

  Target target_;
  std::optional<sdk::Secret> password_;
};

// --- stage

// Where its source hands over the file itself: to fetch any other for this would cost too much.
std::optional<std::int64_t> revision_of(Call& call, const sdk::Artifact& artifact) {
  auto port = call.open_input(artifact);
  if (!port) return {};
  const auto borrowed = port->borrow_file();
  if (!borrowed || !*borrowed) return {};
  const FileBytes file((*borrowed)->fd, (*borrowed)->size);
  const auto space = KeySpace::open(file, name_of(artifact));
  if (!space) return {};
  return space->revision();
}

Result<Planned> Plugin::plan_stage(Call& call, const StageArgs& args) {
  // Nobody asks as the user before all is over; that the password is missing is better known now.
  if (auto learned = learn_password(call); !learned) return fail(learned.error());
  const std::uint64_t size = call.unknown("from") ? 0 : args.from.size;
  auto needs = space_needed(target_, size);
  if (!needs) return fail(needs.error());
  auto keys = resource_keys(target_);
  if (!keys) return fail(keys.error());
  Planned planned;
  for (const TargetMember& member : target_.members) {
    planned.effect("stage a new data directory for " + member.name + " beside " +
                   member.data_dir.string() +
                   (member.wal_dir ? " and " + member.wal_dir->string() : ""));
  }
  const auto token = args.new_token ? args.new_token : target_.token;
  planned.effect(token ? "with the cluster token '" + *token +
                             "' as asked: an old member with the same token could join"
                       : "with a fresh cluster token, so that no old member can join");
  Sight sight(target_, watch_of(call).cancelled);
  Revisions known{.of_snapshot = {}, .newest = newest_revision(target_, sight)};
  const std::int64_t asked = args.bump_revision.value_or(0);
  // One beyond all that the members have seen is enough for every snapshot.
  const bool may_fall_short = asked > 0 && asked <= known.newest + 1;
  if (may_fall_short && !call.unknown("from")) known.of_snapshot = revision_of(call, args.from);
  planned.effect(words_for_bump(args.bump_revision, known));
  if (const std::string problem = shortfall(asked, known); !problem.empty())
    call.log(sdk::Level::kWarning,
             "bump_revision=" + std::to_string(asked) + " is too small: " + problem);
  planned.bytes(size);
  for (const SpaceNeed& need : *needs) planned.space(need.mount_point, need.needed, need.free);
  for (std::string& key : *keys) planned.resource(std::move(key));
  planned.undo("remove the staged directories");
  if (auto lost = still_serves(target_, sight); !lost.empty())
    planned.concern(sdk::Guard::kHealthy, std::move(lost));
  const auto places = places_of(target_);
  if (!places) return fail(places.error());
  const bool hash_waived =
      std::find(args.waived.begin(), args.waived.end(), "hash") != args.waived.end();
  tell_by_hand(planned, stage_by_hand(target_, *places,
                                      {.token = token,
                                       .bump_revision = args.bump_revision,
                                       .skip_hash_check = hash_waived,
                                       .newest_revision = known.newest}));
  return planned;
}

Result<StageResult> Plugin::stage(Call& call, const StageArgs& args) {
  auto stamp = stamp_of(call);
  if (!stamp) return fail(stamp.error());
  // What an earlier attempt copied need not come again.
  const std::uint64_t resume_at = copied_before(target_, *stamp, call.facts().key,
                                                call.facts().checkpoint.at("bytes").uint_or(0));
  auto port = call.open_input(args.from, resume_at);
  if (!port) return fail(port.error());
  const auto waived = [&](std::string_view guard) {
    return std::find(args.waived.begin(), args.waived.end(), guard) != args.waived.end();
  };
  const StagingOptions options{.token = args.new_token,
                               .bump_revision = args.bump_revision,
                               .accept_no_trailer = waived("hash"),
                               .accept_corrupt_alarm = waived("hash"),
                               .accept_authentication = waived("healthy"),
                               .accept_older_server = waived("version")};
  auto digested = digest_is_kept(*port, args.from.size);
  if (!digested) return fail(digested.error());
  StagingWork work{
      .watch = watch_of(call),
      .name = name_of(args.from),
      .size = args.from.size,
      .stamp = std::move(*stamp),
      .key = call.facts().key,
      .read = [&](std::span<std::byte> into) { return port->read(into); },
      .record_undo =
          [&](const StagingUndo& undo) {
            sdk::Undo record{.data = sdk::to_value(undo)};
            for (const std::string& directory : undo.directories) {
              record.words.push_back("remove " + directory);
              // Never pasted along: what was in use stands there once the way back was taken.
              record.shell.push_back("# when nobody misses what was written to it: " +
                                     snapcore::process::shell_line({"rm", "-rf", "--", directory}));
            }
            return call.record_undo(record);
          },
      .progress = [&](std::uint64_t done) { call.progress(done, args.from.size); },
      .resume_at = resume_at,
      .rehash = [&](std::span<const std::byte> prefix) { return port->rehash(prefix); },
      .checkpoint =
          [&](std::uint64_t bytes) {
            return call.checkpoint(snapcore::Value::object({{"bytes", bytes}}));
          }};
  if (*digested) work.digest_of_pages = [&] { return port->kept_digest(); };
  auto staged = etcd::stage(target_, options, work);
  if (!staged) return fail(staged.error());
  return StageResult{std::move(staged->handle), std::move(staged->expected),
                     std::move(staged->words)};
}

Result<sdk::Undone> Plugin::undo_stage(Call&,
                                       const sdk::Compensation<StageArgs, StageResult>& was) {
  if (was.undo.is_null()) return sdk::Undone{};
  const auto undo = sdk::from_value<StagingUndo>(was.undo);
  if (!undo) return fail(undo.error());
  if (auto removed = etcd::discard(*undo); !removed) return fail(removed.error());
  return sdk::Undone{{"removed what was staged"}};
}

// --- activate

Result<Planned> Plugin::plan_activate(Call&, const ActivateArgs&) {
  auto keys = resource_keys(target_);
  if (!keys) return fail(keys.error());
  Planned planned("stop " + counted(target_.members.size(), "member"));
  const auto places = places_of(target_);
  if (!places) return fail(places.error());
  for (std::size_t i = 0; i < places->size(); ++i) {
    const TargetMember& member = target_.members[i];
    const Place& place = (*places)[i];
    if (auto ok = check_program(member, member.start, "start"); !ok) return fail(ok.error());
    if (auto ok = check_program(member, member.stop, "stop"); !ok) return fail(ok.error());
    const std::string live = place.live().string();
    planned.effect("put " + live + " aside and the new data in its place");
    planned.keeps(live + " stays as " + live + backup_suffix("<time>"));
    for (std::string& words : goes_along(place)) planned.effect(std::move(words));
    if (!place.wal_dir) continue;
    const std::string wal = place.wal_dir->string();
    planned.effect("the same with " + (place.wal_is_mount ? "what is in " : std::string()) + wal);
    planned.keeps(wal + " stays as " + wal + (place.wal_is_mount ? "/wal" : "") +
                  backup_suffix("<time>"));
  }
  planned.effect("start all, and wait until every member is healthy");
  for (std::string& key : *keys) planned.resource(std::move(key));
  planned.undo(
      "stop all, put the old directories back, and start what ran before; what was written to the "
      "restored data is lost with it");
  tell_by_hand(planned, activate_by_hand(target_, *places));
  return planned;
}

Result<ActivateResult> Plugin::activate(Call& call, const ActivateArgs& args) {
  auto stamp = stamp_of(call);
  if (!stamp) return fail(stamp.error());
  const ActivationWork work{
      .watch = watch_of(call),
      .step = [&call](const std::string& words) -> Result<> {
        if (auto go = call.keep_going(); !go) return go;
        call.log(sdk::Level::kInfo, words);
        return {};
      },
      .record_undo =
          [&call](const WayBack& back) {
            return call.record_undo(
                {.data = sdk::to_value(back.data), .words = back.words, .shell = back.shell});
          },
      .stamp = std::move(*stamp),
      .mark = call.facts().key.substr(0, 8)};
  auto activated = etcd::activate(target_, args.staged, work);
  if (!activated) return fail(activated.error());
  return result_of(std::move(*activated));
}

Result<sdk::Probed<ActivateResult>> Plugin::probe_activate(Call& call, const ActivateArgs& args) {
  using Probed = sdk::Probed<ActivateResult>;
  auto stamp = stamp_of(call);
  if (!stamp) return fail(stamp.error());
  auto found =
      probe_activation(target_, args.staged, *stamp, call.facts().key.substr(0, 8), watch_of(call));
  if (found.state == ActivationProbe::State::kNotStarted) return Probed::not_started();
  if (found.state == ActivationProbe::State::kPartial) return Probed::partial(found.detail);
  return Probed::done(result_of(std::move(found.result)));
}

Result<sdk::Undone> Plugin::undo_activate(
    Call& call, const sdk::Compensation<ActivateArgs, ActivateResult>& was) {
  if (was.undo.is_null()) return sdk::Undone{};
  const auto undo = sdk::from_value<ActivationUndo>(was.undo);
  if (!undo) return fail(undo.error());
  auto words = undo_activation(target_, *undo, logged_steps(call), stubborn_watch_of(call));
  if (!words) return fail(words.error());
  return sdk::Undone{std::move(*words)};
}

// --- the table

sdk::Plugin<Plugin> describe_plugin() {
  using sdk::Repeat;
  return sdk::Plugin<Plugin>("etcd", "1.0.0")
      .license("Apache-2.0")
      .summary("restores whole etcd clusters from snapshots")
      .target()
      .kind(kSnapshotKind, 16, "\xed\xda\x0c\xed")
      .operation(roles::inspect(&Plugin::inspect))
      .operation(roles::examine(&Plugin::examine).or_without_instance(&call_examine))
      .operation(roles::stage(&Plugin::plan_stage, &Plugin::stage)
                     .repeat(Repeat::kKeyed)
                     .undo_by(&Plugin::undo_stage))
      .operation(roles::check(&Plugin::check))
      .operation(roles::activate(&Plugin::plan_activate, &Plugin::activate)
                     .probe_by(&Plugin::probe_activate)
                     .undo_by(&Plugin::undo_activate))
      .operation(roles::health(&Plugin::plan_health, &Plugin::health))
      .operation(roles::discard(&Plugin::plan_discard, &Plugin::discard).repeat(Repeat::kSafe))
      .operation(roles::release(&Plugin::plan_release, &Plugin::release).repeat(Repeat::kSafe))
      .operation(sdk::verify("expect_keys", &Plugin::plan_expect_keys, &Plugin::expect_keys)
                     .summary("expects keys, counted by prefix or one by name"))
      .operation(sdk::read("keys", &call_keys)
                     .summary("lists the keys of a snapshot, as of any revision it holds")
                     .emits<KeyItem>())
      .operation(sdk::read("get", &call_get)
                     .summary("shows one key of a snapshot, as of any revision it holds")
                     .emits<KeyItem>())
      .operation(sdk::read("history", &call_history)
                     .summary("shows every change of a key that a snapshot holds")
                     .emits<HistoryItem>())
      .operation(sdk::read("export", &call_export)
                     .summary("writes the keys of a snapshot as JSON lines, values included")
                     .emits<KeyItem>())
      .operation(sdk::read("hashkv", &call_hashkv)
                     .summary("computes what a member of a snapshot's data answers to HashKV"))
      .operation(sdk::read("stats", &call_stats)
                     .summary("tells what fills a snapshot, by bucket, kind and prefix")
                     .emits<Share>())
      .operation(sdk::read("diff", &call_diff)
                     .summary("tells what became of the keys of one snapshot in another")
                     .emits<Difference>())
      .operation(sdk::read("status", &Plugin::status).summary("tells how each member is"));
}

}  // namespace
}  // namespace etcd

SNAPCORE_PLUGIN(etcd::describe_plugin);
