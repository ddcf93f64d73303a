#include "cli/stubs.hpp"

#include "cli/open_site.hpp"
#include "cli/text/lua_stubs.hpp"
#include "cli/text/words.hpp"

namespace snapcore {
namespace {

constexpr std::uint64_t kLargestStubs = std::uint64_t{16} << 20;
constexpr Mode kForEverybody = 0644;
constexpr Mode kDirectoryForEverybody = 0755;

std::vector<Manifest> all_manifests(Invocation& invocation) {
  std::vector<Manifest> manifests;
  for (const PluginFile& file : all_plugins(plugin_search_path(invocation.globals.plugin_dirs))) {
    Scan scan = scan_plugin(file);
    if (scan.manifest) {
      manifests.push_back(std::move(*scan.manifest));
    } else {
      invocation.output.say_line("plugin " + file.id +
                                 " is left out: " + scan.manifest.error().message);
    }
  }
  return manifests;
}

Result<> check_place(FileSystem& fs, const Path& path) {
  const auto there = fs.status(path);
  if (!there) return fail(there.error());
  if (!*there) return {};
  const auto text = read_file(fs, path, kLargestStubs);
  if (text && text->rfind(kStubsMark, 0) == 0) return {};
  return fail({.code = "arguments.would_overwrite",
               .message = path.string() + " is there already, and was not written by snapcore",
               .hint = "name another directory, or rename that file"});
}

// Of the directory and those it lies in the first that is not there, or is no directory; "" when
// all are.
Result<Path> first_missing(FileSystem& fs, const Path& directory) {
  Path missing;
  for (Path at = directory; !at.empty(); at = at.parent_path()) {
    const auto there = fs.status(at / "");  // of what a link leads to
    if (!there && there.error().code != "file.not_found") return fail(there.error());
    if (there && *there) break;
    missing = at;
  }
  return missing;
}

// Made where only the last one is missing: anything more is rather a name typed wrong.
Result<> have_directory(FileSystem& fs, const Path& asked) {
  const Path directory = asked.has_filename() ? asked : asked.parent_path();
  const auto missing = first_missing(fs, directory);
  if (!missing) return fail(missing.error());
  if (missing->empty()) return {};
  const auto there = fs.status(*missing);
  if (!there) return fail(there.error());
  if (*there) {
    return fail({.code = "arguments.bad_value",
                 .message = missing->string() + " is not a directory",
                 .hint = "name the folder of the runbooks: --stubs DIR"});
  }
  if (*missing == directory) return fs.make_directory(directory, kDirectoryForEverybody);
  return fail({.code = "arguments.bad_value",
               .message = "there is no directory " + missing->string() + ", so " +
                          directory.string() + " cannot be made",
               .hint = "look whether the name is right, or make it first:\nmkdir -p " +
                       shell_word(directory.parent_path().string())});
}

// The settings of an editor are its owner's as soon as they are there.
Result<> write_settings(Output& output, FileSystem& fs, const Path& path) {
  const auto written = publish_file(fs, path, luarc(), kForEverybody);
  if (written) {
    output.event("file", Value::object({{"path", path.string()}}));
    if (!output.json()) output.print(path.string() + "\n");
    return {};
  }
  if (written.error().code != "file.exists") return written;
  output.say_line(path.string() +
                  " is there and stays as it is; it should name snapcore.lua in workspace.library");
  return {};
}

}  // namespace

Result<ExitCode> write_stubs(Invocation& invocation, FileSystem& fs,
                             const std::filesystem::path& directory) {
  auto site = open_site_if_any(invocation.globals);
  if (!site) return fail(site.error());
  const Path stubs = directory / "snapcore.lua";
  if (auto there = have_directory(fs, directory); !there) return fail(there.error());
  if (auto free = check_place(fs, stubs); !free) return fail(free.error());
  const std::vector<Manifest> manifests = all_manifests(invocation);
  std::vector<const Manifest*> list;
  for (const Manifest& manifest : manifests) list.push_back(&manifest);
  std::vector<StubInstance> instances;
  for (const InstanceConfig& instance : (*site)->site.instances)
    instances.push_back({instance.name, instance.plugin});
  if (auto written = replace_file(fs, stubs, lua_stubs(list, instances), kForEverybody); !written)
    return fail(written.error());
  Output& output = invocation.output;
  output.event("file", Value::object({{"path", stubs.string()}}));
  if (!output.json()) output.print(stubs.string() + "\n");
  if (auto written = write_settings(output, fs, directory / ".luarc.json"); !written)
    return fail(written.error());
  return ExitCode::kDone;
}

}  // namespace snapcore
