// The smallest target: one live note, replaced in a single step that can be taken back. A staged
// note lies beside the live one under its digest, which is all that one verb has to tell the next.
#include <snapcore/interfaces/target.hpp>
#include <snapcore/plugin.hpp>
#include <snapcore/support/digest.hpp>
#include <snapcore/support/files.hpp>

namespace notes {

using namespace snapcore;
using namespace snapcore::sdk::target;
using Digest = std::string;
using Copy = Staged<Digest, Digest>;
using Swap = ActivateArgs<Digest>;
using Swapped = Activated<Digest>;

struct Settings {
  std::string path;
};
void fields(sdk::Fields& f, Settings& s) { f("path", s.path, "the live note").not_empty(); }

class NoteTarget {
 public:
  using Config = Settings;
  explicit NoteTarget(const Config& config) : live_(config.path) {}

  Result<Inspection> inspect(sdk::Call&, const sdk::Nothing&) {
    const std::string text = files::read_file(live_).value_or("");
    const bool whole = !title(text).empty();
    Inspection seen{.healthy = whole, .readable = whole, .keeps = Keeps::kAside};
    if (whole) seen.identity = identity(text);
    seen.resources = {resource()};
    return seen;
  }

  Result<Examination> examine(sdk::Call& call, const ExamineArgs& args) {
    return read(call, args.artifact).map([](const std::string& text) {
      return Examination{.kind = "example-note", .identity = identity(text)};
    });
  }

  Result<sdk::Planned> plan_stage(sdk::Call&, const StageArgs& args) {
    sdk::Planned planned("write " + args.from.name + " beside " + live_.string());
    return planned.bytes(args.from.size).resource(resource()).undo("remove it again");
  }
  Result<Copy> stage(sdk::Call& call, const StageArgs& args) {
    auto text = read(call, args.from);
    if (!text) return fail(text.error());
    const Digest digest = sha256_hex(*text);
    auto kept = call.record_undo({Value::object({{"staged", digest}}), {"remove the staged note"}});
    if (!kept) return fail(kept.error());
    if (auto done = files::replace_file(staged(digest), *text); !done) return fail(done.error());
    return Copy{digest, digest, {"staged as " + staged(digest)}};
  }
  Result<sdk::Undone> unstage(sdk::Call&, const sdk::Compensation<StageArgs, Copy>& what) {
    if (!what.recorded) return sdk::Undone{{"nothing was staged"}};
    return files::remove_file(staged(what.undo.at("staged").text())).map([] {
      return sdk::Undone{{"removed the staged note"}};
    });
  }

  Result<Verdict> check(sdk::Call&, const CheckArgs<Digest>& args) {
    if (digest_of(staged(args.staged)) == args.staged) return Verdict{{"the staged note is whole"}};
    return fail(corrupt("the staged note is damaged"));
  }

  Result<sdk::Planned> plan_activate(sdk::Call&, const Swap&) {
    sdk::Planned planned("put the new note in the place of " + live_.string());
    return planned.resource(resource()).keeps("the old note stays beside it").undo("put it back");
  }
  // Run again after a crash it finds the new note live and does nothing.
  Result<Swapped> activate(sdk::Call&, const Swap& args) {
    if (digest_of(live_) != args.staged) {
      if (auto done = swap(staged(args.staged), live_); !done) return fail(done.error());
    }
    Swapped done{.words = {"the new note is live"}};
    if (!digest_of(staged(args.staged)).empty()) done.kept = args.staged;
    return done;
  }
  Result<sdk::Undone> restore(sdk::Call&, const sdk::Compensation<Swap, Swapped>& what) {
    const Digest& digest = what.args.staged;
    if (digest_of(live_) != digest) return sdk::Undone{{"the old note is in its place"}};
    return swap(live_, staged(digest)).map([] { return sdk::Undone{{"the old note is back"}}; });
  }

  Result<Verdict> health(sdk::Call&, const HealthArgs<Digest>& args) {
    if (digest_of(live_) == args.expected) return Verdict{{"the live note is the new one"}};
    return fail({.code = "notes.other", .message = live_.string() + " is another note"});
  }

  Result<> discard(sdk::Call&, const DiscardArgs<Digest>& args) {
    return files::remove_file(staged(args.staged));
  }
  Result<> release(sdk::Call&, const ReleaseArgs<Digest>& args) {
    return files::remove_file(staged(args.kept));
  }

 private:
  std::string resource() const { return "note:" + live_.string(); }
  std::string staged(const Digest& digest) const { return live_.string() + "." + digest; }

  // One step, whether `to` is there or not.
  static Result<> swap(const files::Path& from, const files::Path& to) {
    return files::look_at(to).value_or(std::nullopt) ? files::rename_exchange(from, to)
                                                     : files::rename_no_replace(from, to);
  }
  static Digest digest_of(const files::Path& file) {
    return files::read_file(file).map(sha256_hex).value_or("");
  }
  // Of a whole note, "NOTE title\n...\nEND\n"; empty otherwise.
  static std::string title(const std::string& text) {
    if (!text.starts_with("NOTE ") || !text.ends_with("\nEND\n")) return "";
    return text.substr(5, text.find('\n') - 5);
  }
  static Error corrupt(const std::string& what) {
    return {"notes.corrupt", what, "", Category::kCorrupt};
  }
  static Value identity(const std::string& text) { return Value::object({{"title", title(text)}}); }
  static Result<std::string> read(sdk::Call& call, const sdk::Artifact& artifact) {
    auto port = call.open_input(artifact);
    if (!port) return fail(port.error());
    auto text = port->read_all(1 << 20);
    if (!text || !title(*text).empty()) return text;
    return fail(corrupt(artifact.name + " is no whole note"));
  }

  files::Path live_;
};

sdk::Plugin<NoteTarget> describe() {
  using T = NoteTarget;
  return sdk::Plugin<T>("note-target", "1.0.0")
      .summary("one live note")
      .target()
      .kind("example-note", 0, "NOTE ")
      .operation(inspect(&T::inspect))
      .operation(examine(&T::examine))
      .operation(stage(&T::plan_stage, &T::stage).repeat(sdk::Repeat::kSafe).undo_by(&T::unstage))
      .operation(check(&T::check))
      .operation(
          activate(&T::plan_activate, &T::activate).repeat(sdk::Repeat::kSafe).undo_by(&T::restore))
      .operation(health("the live note is the new one", &T::health))
      .operation(discard("remove the staged note", &T::discard).repeat(sdk::Repeat::kSafe))
      .operation(release("remove the old note", &T::release).repeat(sdk::Repeat::kSafe));
}

}  // namespace notes

SNAPCORE_PLUGIN(notes::describe);
