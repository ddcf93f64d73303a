// The smallest source: every file of one directory is an artifact. Notes are small, so they pass
// through memory whole; a source of large things reads and writes piece by piece.
#include <filesystem>
#include <set>
#include <snapcore/interfaces/source.hpp>
#include <snapcore/plugin.hpp>
#include <snapcore/support/files.hpp>

namespace notes {

using namespace snapcore;
using namespace snapcore::sdk::source;

constexpr std::size_t kLargest = 1 << 20;

struct Config {
  std::string path;
};
void fields(sdk::Fields& f, Config& c) { f("path", c.path, "directory of the notes").not_empty(); }

class NoteSource {
 public:
  static Result<std::unique_ptr<NoteSource>> create(sdk::Call&, const Config& config) {
    if (auto there = files::open_directory(config.path); !there) return fail(there.error());
    auto source = std::make_unique<NoteSource>();
    source->directory_ = config.path;
    return source;
  }

  Result<> list(sdk::Call& call, const ListArgs& args) {
    std::set<std::string> names;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
      names.insert(entry.path().filename().string());
    }
    if (error) return fail(files::system_error(error.value(), "cannot list", directory_));
    for (const std::string& name : names) {
      if (!name.starts_with(args.prefix.value_or(""))) continue;
      auto artifact = stat(call, {name});
      if (!artifact) continue;  // hidden, a folder, or gone again
      if (auto taken = call.emit(*artifact); !taken) return taken;
    }
    return {};
  }

  Result<sdk::Artifact> stat(sdk::Call&, const StatArgs& args) {
    auto text = read(args.ref);
    if (!text) return fail(text.error());
    sdk::Artifact artifact{.ref = args.ref, .name = args.ref, .size = text->size()};
    artifact.local = true;
    return artifact;
  }

  Result<> open(sdk::Call& call, const OpenArgs& args) {
    auto text = read(args.ref);
    if (!text) return fail(text.error());
    const std::size_t at = std::min<std::size_t>(args.offset, text->size());
    const std::string_view rest = std::string_view(*text).substr(at);
    return call.port(kContent).write(rest.substr(0, args.length.value_or(kLargest)));
  }

  Result<sdk::Planned> plan_store(sdk::Call& call, const StoreArgs& args) {
    if (call.unknown("name")) return sdk::Planned("write a note");
    auto path = path_of(args.name);
    if (!path) return fail(path.error());
    return sdk::Planned("write " + path->string())
        .resource("note:" + path->string())
        .undo("remove it again");
  }

  // Complete and on the disk first, visible then.
  Result<sdk::Artifact> store(sdk::Call& call, const StoreArgs& args) {
    auto path = path_of(args.name);
    if (!path) return fail(path.error());
    auto text = call.port(kContent).read_all(kLargest);
    if (!text) return fail(text.error());
    const files::Path hidden = directory_ / ("." + args.name);
    auto kept = call.record_undo({.words = {"remove " + path->string()}});
    if (!kept) return fail(kept.error());
    if (auto written = files::replace_file(hidden, *text); !written) return fail(written.error());
    if (auto named = files::rename_no_replace(hidden, *path); !named) {
      (void)files::remove_file(hidden);
      return fail(named.error());
    }
    return stat(call, {args.name});
  }

  // Without a result the note may be somebody else's: only what was hidden is ours for certain.
  Result<sdk::Undone> undo_store(sdk::Call&,
                                 const sdk::Compensation<StoreArgs, sdk::Artifact>& what) {
    auto path = path_of(what.args.name);
    if (!path) return fail(path.error());
    if (!what.result) path = directory_ / ("." + what.args.name);
    if (auto removed = files::remove_file(*path); !removed) return fail(removed.error());
    return sdk::Undone{{"removed " + path->string()}};
  }

  Result<> remove(sdk::Call&, const RemoveArgs& args) {
    auto path = path_of(args.ref);
    if (!path) return fail(path.error());
    if (auto removed = files::remove_file(*path); !removed) return removed;
    return files::fsync_directory(directory_);
  }

 private:
  Result<files::Path> path_of(const std::string& ref) const {
    if (!ref.starts_with('.') && ref.find('/') == std::string::npos) return directory_ / ref;
    return fail({.code = "notes.bad_ref", .message = "'" + ref + "' is not the name of a note"});
  }

  Result<std::string> read(const std::string& ref) const {
    auto path = path_of(ref);
    if (!path) return fail(path.error());
    return files::read_file(*path, kLargest);
  }

  files::Path directory_;
};

sdk::Plugin<NoteSource> describe() {
  using S = NoteSource;
  return sdk::Plugin<S>("note-source", "1.0.0")
      .license("Apache-2.0")
      .summary("notes in a directory")
      .source()
      .operation(list(&S::list))
      .operation(stat(&S::stat))
      .operation(open(&S::open))
      .operation(store(&S::plan_store, &S::store)
                     .repeat(sdk::Repeat::kUnrepeatable)
                     .undo_by(&S::undo_store))
      .operation(remove("remove a note for good", &S::remove).repeat(sdk::Repeat::kSafe));
}

}  // namespace notes

SNAPCORE_PLUGIN(notes::describe);
