#include "local_backend.hpp"

#include <memory>
#include <snapcore/support/files.hpp>
#include <snapcore/support/process.hpp>
#include <snapcore/utf8.hpp>

#include "activation.hpp"
#include "staging.hpp"

namespace tfstate {
namespace {

namespace files = snapcore::files;
using snapcore::Category;
using snapcore::fail;
using snapcore::process::shell_line;

// The copies that lie about a local state have names of their own: a source of plugin `files` has
// them.
snapcore::Error keeps_no_versions(const std::string& file) {
  return {.code = "tfstate.no_versions",
          .message = file + " is a file, of which nobody keeps versions",
          .hint = "name where its copies are: an instance of the plugin files",
          .category = Category::kPrecondition};
}

}  // namespace

std::string LocalBackend::shown() const { return snapcore::shown(place_.file.string()); }

std::optional<ExpectedLineage> LocalBackend::expected_lineage() const {
  if (place_.lineage) return ExpectedLineage{*place_.lineage, "its lineage is as the site says"};
  const auto broken = read_broken(place_.file);
  if (!broken || broken->size == 0 || broken->state.lineage.empty()) return std::nullopt;
  return ExpectedLineage{broken->state.lineage, "its lineage is what can still be read of it"};
}

Result<LiveState> LocalBackend::read_live(
    sdk::Call&, const std::function<Result<>(std::span<const std::byte>)>& take) const {
  return tfstate::read_live(place_.file, take);
}

Result<std::optional<LiveState>> LocalBackend::read_broken_live() const {
  auto broken = read_broken(place_.file);
  if (!broken) return fail(broken.error());
  return std::optional(std::move(*broken));
}

Result<StateBytes> LocalBackend::live_bytes(sdk::Call&) const {
  std::error_code ignored;
  const auto real = std::filesystem::weakly_canonical(place_.file, ignored);
  auto opened = files::open_for_reading(ignored ? place_.file : real);
  const std::string name = place_.file.string();
  if (!opened && opened.error().code == "files.not_found") {
    return StateBytes{
        .name = name,
        .read_at = [](std::uint64_t, std::span<std::byte>) -> Result<std::size_t> { return 0; }};
  }
  if (!opened) return fail(opened.error());
  auto fd = std::make_shared<files::UniqueFd>(std::move(*opened));
  return StateBytes{.name = name,
                    .read_at = [name, fd](std::uint64_t offset, std::span<std::byte> into) {
                      return files::read_some_at(*fd, offset, into, name);
                    }};
}

Result<std::optional<Holder>> LocalBackend::lock_holder(sdk::Call&) const {
  if (!is_locked(place_)) return std::optional<Holder>();
  const auto holder = holder_of(place_);
  return std::optional(Holder{holder ? words_of(*holder) : "somebody", "wait until it is done"});
}

// --- stage

Result<sdk::Planned> LocalBackend::plan_stage(sdk::Call& call, const StageArgs& args) const {
  const bool unknown = call.unknown("from");
  sdk::Planned planned("stage " + (unknown ? "the state" : snapcore::shown(name_of(args.from))) +
                       " beside " + shown());
  planned.effect(
      "with a serial above that of both, so that every tool takes it for newer; an "
      "encrypted one as it is");
  const std::uint64_t size = unknown ? 0 : args.from.size;
  const auto space = files::free_space(place_.file.parent_path());
  if (!space) return fail(space.error());
  // Received, edited, and the old one kept: three times at most for a while.
  planned.bytes(size).space(place_.file.parent_path().string(), 3 * size, space->free);
  if (const auto live = tfstate::read_live(place_.file);
      !live && live.error().category == Category::kCorrupt) {
    planned.concern(
        sdk::Guard::kHash,
        "what is to be replaced cannot be read, and is kept as it is: " + live.error().message);
  }
  return planned.resource(resource()).undo("remove the staged state");
}

Result<StageResult> LocalBackend::stage(sdk::Call& call, const StageArgs& args) const {
  auto suffix = suffix_of(call, "staged");
  if (!suffix) return fail(suffix.error());
  auto port = call.open_input(args.from);
  if (!port) return fail(port.error());
  const StagingWork work{
      .name = name_of(args.from),
      .suffix = std::move(*suffix),
      .other_lineage = args.is_waived("identity"),
      .broken_live = args.is_waived("hash"),
      .replaces = args.replaces,
      .read = [&](std::span<std::byte> into) { return port->read(into); },
      .record_undo =
          [&](const std::string& staged) {
            return call.record_undo(
                {.data = snapcore::Value::object({{"file", staged}}),
                 .words = {"remove " + snapcore::shown(staged)},
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

Result<std::vector<std::string>> LocalBackend::check(sdk::Call&, const Staged& staged) const {
  return check_staged(place_, staged);
}

// --- activate

Result<sdk::Planned> LocalBackend::plan_activate(sdk::Call&) const {
  sdk::Planned planned("lock " + shown() +
                       " as the tools do, or fail at once when one of them works with it");
  planned.effect("write the staged state into it, and give the lock back");
  planned.keeps("the old state stays as " + shown() + ".kept-<time>-<key>");
  planned.undo("put the old state back, under the lock");
  const std::string quoted = shell_line({place_.file.string()});
  planned.shell("[ ! -e " + quoted + " ] || cp -p -- " + quoted + " " + quoted +
                ".kept-\"$stamp\"");
  planned.shell("cp -- \"$artifact\" " + quoted);
  return planned.resource(resource());
}

Result<ActivateResult> LocalBackend::activate(sdk::Call& call, const ActivateArgs& args) const {
  auto suffix = suffix_of(call, "kept");
  if (!suffix) return fail(suffix.error());
  const ActivationWork work{
      .lock = lock_of(call, "snapcore-restore", place_.shown_path),
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

Result<std::vector<std::string>> LocalBackend::take_back(sdk::Call& call,
                                                         const snapcore::Value& recorded) const {
  const auto back = sdk::from_value<WayBack>(recorded);
  if (!back) return fail(back.error());
  return tfstate::take_back(place_, *back, lock_of(call, "snapcore-undo", place_.shown_path));
}

// Only what lies beside the state under a name that we make.
Result<> LocalBackend::remove_named(const std::string& name, std::string_view what) const {
  if (name.empty()) return {};
  if (!name.starts_with(place_.file.string() + "." + std::string(what) + "-")) {
    return fail({.code = "tfstate.not_ours",
                 .message = snapcore::shown(name) + " does not lie beside " + shown(),
                 .category = Category::kInternal});
  }
  for (const std::string& one : {name + ".part", name}) {
    if (auto removed = files::remove_file(one); !removed) return removed;
  }
  return files::fsync_directory(place_.file.parent_path());
}

Result<> LocalBackend::remove_staged(const std::string& name) const {
  return remove_named(name, "staged");
}

Result<> LocalBackend::remove_kept(const std::string& name) const {
  return remove_named(name, "kept");
}

// --- versions

Result<> LocalBackend::list(sdk::Call&, const source::ListArgs&) const {
  return fail(keeps_no_versions(shown()));
}
Result<sdk::Artifact> LocalBackend::stat(sdk::Call&, const source::StatArgs&) const {
  return fail(keeps_no_versions(shown()));
}
Result<> LocalBackend::open(sdk::Call&, const source::OpenArgs&) const {
  return fail(keeps_no_versions(shown()));
}

}  // namespace tfstate
