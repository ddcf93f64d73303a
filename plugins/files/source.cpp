#include "source.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <snapcore/support/process.hpp>
#include <vector>

#include "description.hpp"
#include "listing.hpp"
#include "names.hpp"
#include "publication.hpp"

namespace local_files {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Result;
using snapcore::Value;
using namespace snapcore::sdk::source;
namespace files = snapcore::files;
namespace sdk = snapcore::sdk;

namespace {

constexpr std::size_t kPiece = 1 << 20;

Result<struct stat> examine(const UniqueFd& fd, const std::string& path) {
  struct stat found = {};
  if (::fstat(fd.get(), &found) != 0)
    return fail(files::system_error(errno, "cannot examine", path));
  return found;
}

bool same_content(const struct stat& a, const struct stat& b) {
  return a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

Error changed(const std::string& path) {
  return {.code = "files.changed_while_read",
          .message = path + " changed while it was read",
          .hint = "wait until whoever writes it is done, then try again",
          .category = Category::kConflict};
}

// The artifact as stat and a finished store give it.
Result<Described> look_at(const Folder& folder, const std::string& ref) {
  auto fd = folder.open_file(ref);
  if (!fd) return fail(fd.error());
  auto found = examine(*fd, folder.full(ref));
  if (!found) return fail(found.error());
  auto parent = folder.open_folder(folder_of(ref));
  if (!parent) return fail(parent.error());
  Described described = describe(parent->get(), file_of(ref), ref, *found);
  described.artifact.path = folder.full(ref);
  return described;
}

// What the manifest records of the bytes to come, and what is missing in it, filled in.
const Value& stored(const Value& manifest) { return manifest.at("stored"); }

Value completed(Value manifest, const Traces& traces) {
  if (manifest.is_null()) return manifest;
  const Value bytes = Value::object({{"size", traces.size}, {"sha256", traces.sha256}});
  if (!manifest.has("stored")) manifest["stored"] = bytes;
  if (!manifest.has("content") && manifest.at("encoding").items().empty())
    manifest["content"] = bytes;
  return manifest;
}

Result<> compare(const Value& manifest, const Traces& traces, const std::string& path) {
  const Value& expected = stored(manifest);
  const auto differ = [&](std::string_view what, const std::string& wanted,
                          const std::string& got) {
    return fail({.code = "files.digest_mismatch",
                 .message = "not stored as " + path + ": the manifest says " + std::string(what) +
                            " " + wanted + ", the bytes have " + got,
                 .category = Category::kCorrupt});
  };
  if (expected.at("size").is_integer() && expected.at("size").uint_or(0) != traces.size) {
    return differ("size", std::to_string(expected.at("size").uint_or(0)),
                  std::to_string(traces.size));
  }
  if (expected.at("sha256").is_string() && expected.at("sha256").text() != traces.sha256) {
    return differ("SHA-256", expected.at("sha256").text(), traces.sha256);
  }
  return {};
}

sdk::Undo undo_of(const Folder& folder, const Traces& traces) {
  const std::string path = folder.full(traces.name);
  const std::string temporary =
      folder.full(folder_of(traces.name).empty()
                      ? traces.temporary
                      : std::string(folder_of(traces.name)) + "/" + traces.temporary);
  sdk::Undo undo{.data = sdk::to_value(traces),
                 .words = {"remove " + shown(path)},
                 .shell = {snapcore::process::shell_line({"rm", "-f", "--", temporary})}};
  if (traces.inode != 0) {
    undo.shell.push_back(snapcore::process::shell_line(
        {"rm", "-f", "--", path, path + ".sha256", path + ".snapcore.json"}));
  }
  return undo;
}

Result<> copy_in(sdk::Call& call, Publication& publication) {
  std::vector<std::byte> piece(kPiece);
  sdk::Port content = call.port(kContent);
  for (;;) {
    if (auto going = call.keep_going(); !going) return going;
    auto got = content.read_full(piece);
    if (!got) return fail(got.error());
    if (*got == 0) return {};
    if (auto put = publication.write(std::span(piece).first(*got)); !put) return put;
  }
}

}  // namespace

void fields(sdk::Fields& f, Config& config) {
  f("path", config.path, "Directory that holds the artifacts")
      .not_empty()
      .example("/var/backups/db");
}

Result<std::unique_ptr<Source>> Source::create(sdk::Call&, const Config& config) {
  if (!config.path.starts_with('/')) {
    return fail({.code = "files.relative_path",
                 .message = "path '" + shown(config.path) + "' must begin with /",
                 .category = Category::kPrecondition});
  }
  if (auto folder = Folder::open(config.path); !folder) {
    Error error = folder.error();
    error.hint = "the member 'path' names the directory that holds the artifacts";
    return fail(std::move(error));
  }
  std::string path = config.path;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return std::unique_ptr<Source>(new Source(std::move(path)));
}

std::string Source::resource(std::string_view ref) const {
  char host[256] = "";
  (void)::gethostname(host, sizeof host - 1);
  std::error_code ignored;
  const auto real = std::filesystem::canonical(path_, ignored);
  return "file:" + std::string(host) + ":" + (ignored ? path_ : real.string()) + "/" +
         std::string(ref);
}

Result<> Source::list(sdk::Call& call, const ListArgs& args) const {
  auto folder = Folder::open(path_);
  if (!folder) return fail(folder.error());
  const Listing listing{
      .found = [&](int at, const std::string& file, const std::string& ref,
                   const struct stat& found) -> Result<> {
        const Described described = describe(at, file, ref, found);
        if (described.problem) call.log(sdk::Level::kWarning, described.problem->message);
        return call.emit(described.artifact);
      },
      .skipped = [&](const std::string& words) { call.log(sdk::Level::kWarning, words); },
      .keep_going = [&] { return call.keep_going(); }};
  return walk(*folder, args.prefix.value_or(""), listing);
}

Result<sdk::Artifact> Source::stat(sdk::Call& call, const StatArgs& args) const {
  if (auto checked = check_ref(args.ref); !checked) return fail(checked.error());
  auto folder = Folder::open(path_);
  if (!folder) return fail(folder.error());
  auto described = look_at(*folder, args.ref);
  if (!described) return fail(described.error());
  if (described->problem) call.log(sdk::Level::kWarning, described->problem->message);
  return std::move(described->artifact);
}

Result<> Source::open(sdk::Call& call, const OpenArgs& args) const {
  if (auto checked = check_ref(args.ref); !checked) return checked;
  if (args.version_id) {
    return fail({.code = "files.no_versions",
                 .message = "files in a directory have no versions",
                 .category = Category::kPrecondition});
  }
  auto folder = Folder::open(path_);
  if (!folder) return fail(folder.error());
  const std::string path = shown(folder->full(args.ref));
  auto fd = folder->open_file(args.ref);
  if (!fd) return fail(fd.error());
  auto before = examine(*fd, path);
  if (!before) return fail(before.error());
  const auto size = static_cast<std::uint64_t>(before->st_size);
  if (args.offset > size) {
    return fail({.code = "files.bad_offset",
                 .message = path + " has " + std::to_string(size) + " bytes, byte " +
                            std::to_string(args.offset) + " is none of them",
                 .category = Category::kPrecondition});
  }
  if (args.offset == 0) {
    auto wanted = call.port(kContent).offer_file(fd->get());
    if (!wanted) return fail(wanted.error());
    if (*wanted) return {};
  }
  ::posix_fadvise(fd->get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  std::uint64_t at = args.offset;
  const std::uint64_t end = at + std::min(size - at, args.length.value_or(size));
  std::vector<std::byte> piece(static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, end - at)));
  while (at < end) {
    if (auto going = call.keep_going(); !going) return going;
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), end - at));
    auto got = files::read_some_at(*fd, at, std::span(piece).first(wanted), path);
    if (!got) return fail(got.error());
    if (*got == 0) return fail(changed(path));
    if (auto put = call.port(kContent).write(std::span(piece).first(*got)); !put) return put;
    at += *got;
  }
  auto after = examine(*fd, path);
  if (!after) return fail(after.error());
  if (!same_content(*before, *after)) return fail(changed(path));
  return {};
}

Result<sdk::Planned> Source::plan_store(sdk::Call& call, const StoreArgs& args) const {
  auto folder = Folder::open(path_);
  if (!folder) return fail(folder.error());
  if (::faccessat(folder->fd(), ".", W_OK | X_OK, AT_EACCESS) != 0) {
    return fail(files::system_error(errno, "cannot store in", path_));
  }
  if (call.unknown("name")) {
    sdk::Planned planned("store a new artifact in " + path_);
    return planned.resource(resource("")).undo("remove it again");
  }
  if (auto checked = check_new_name(args.name); !checked) return fail(checked.error());
  const std::string path = shown(folder->full(args.name));
  const auto there = folder->open_file(args.name);
  const std::string found = there ? "" : there.error().code;
  if (!there && found != "files.not_found" && found != "files.not_regular") {
    return fail(there.error());
  }
  if (found != "files.not_found") {
    return fail({.code = "files.exists",
                 .message = path + " exists already",
                 .hint = "choose another name, or remove that artifact first",
                 .category = Category::kConflict});
  }
  sdk::Planned planned("store " + path);
  planned.predict("ref", args.name).predict("name", args.name).predict("local", true);
  planned.resource(resource(args.name)).undo("remove " + path + " again");
  const Value& size = stored(args.manifest).at("size");
  if (size.is_integer()) {
    auto space = files::free_space(path_);
    if (!space) return fail(space.error());
    planned.predict("size", size).bytes(size.uint_or(0)).space(path_, size.uint_or(0), space->free);
  }
  return planned;
}

Result<sdk::Artifact> Source::store(sdk::Call& call, const StoreArgs& args) const {
  if (auto checked = check_new_name(args.name); !checked) return fail(checked.error());
  auto folder = Folder::open(path_);
  if (!folder) return fail(folder.error());
  const std::string path = shown(folder->full(args.name));
  const auto answer = [&]() -> Result<sdk::Artifact> {
    auto described = look_at(*folder, args.name);
    if (!described) return fail(described.error());
    return std::move(described->artifact);
  };

  // An earlier attempt of this call may have come to its end, unheard.
  if (auto earlier = sdk::from_value<Traces>(call.facts().checkpoint);
      earlier && earlier->name == args.name && is_published(*folder, *earlier)) {
    return answer();
  }
  Traces traces{.name = args.name,
                .temporary = temporary_name(args.name, call.facts().key),
                .folders = folder->missing_folders(folder_of(args.name))};
  if (auto kept = call.record_undo(undo_of(*folder, traces)); !kept) return fail(kept.error());
  auto publication = Publication::begin(*folder, std::move(traces));
  if (!publication) return fail(publication.error());
  if (auto copied = copy_in(call, *publication); !copied) return fail(copied.error());
  if (auto finished = publication->finish(); !finished) return fail(finished.error());
  if (auto right = compare(args.manifest, publication->traces(), path); !right) {
    return fail(right.error());
  }
  if (auto kept = call.record_undo(undo_of(*folder, publication->traces())); !kept) {
    return fail(kept.error());
  }
  if (auto kept = call.checkpoint(sdk::to_value(publication->traces())); !kept) {
    return fail(kept.error());
  }
  const Value manifest = completed(args.manifest, publication->traces());
  if (auto published = publication->publish(manifest); !published) return fail(published.error());
  return answer();
}

Result<sdk::Undone> Source::undo_store(
    sdk::Call&, const sdk::Compensation<StoreArgs, sdk::Artifact>& what) const {
  if (!what.recorded) return sdk::Undone{{"nothing had been stored"}};
  auto traces = sdk::from_value<Traces>(what.undo);
  if (!traces) return fail(traces.error());
  if (auto checked = check_new_name(traces->name); !checked) return fail(checked.error());
  auto folder = Folder::open(path_);
  if (!folder) return fail(folder.error());
  auto words = withdraw(*folder, *traces);
  if (!words) return fail(words.error());
  if (words->empty()) words->push_back("nothing was left of it");
  return sdk::Undone{std::move(*words)};
}

Result<sdk::Planned> Source::plan_remove(sdk::Call& call, const RemoveArgs& args) const {
  if (call.unknown("ref")) {
    sdk::Planned planned("remove an artifact from " + path_ + " for good");
    return planned.resource(resource(""));
  }
  if (auto checked = check_ref(args.ref); !checked) return fail(checked.error());
  auto folder = Folder::open(path_);
  if (!folder) return fail(folder.error());
  auto described = look_at(*folder, args.ref);
  if (!described) return fail(described.error());
  sdk::Planned planned("remove " + shown(folder->full(args.ref)) + " (" +
                       std::to_string(described->artifact.size) +
                       " bytes) and its companions for good");
  const std::string path = folder->full(args.ref);
  planned.shell(snapcore::process::shell_line({"rm", "--", path}));
  planned.shell(
      snapcore::process::shell_line({"rm", "-f", "--", path + ".sha256", path + ".snapcore.json"}));
  return planned.resource(resource(args.ref));
}

Result<> Source::remove(sdk::Call& call, const RemoveArgs& args) const {
  if (auto checked = check_ref(args.ref); !checked) return checked;
  auto folder = Folder::open(path_);
  if (!folder) return fail(folder.error());
  auto removed = remove_artifact(*folder, args.ref);
  // A repeated call that finds nothing has done its work before.
  if (!removed && removed.error().code == "files.not_found" && call.facts().attempt > 1) return {};
  return removed;
}

}  // namespace local_files
