// Where plugins are found, and what a file is before it is trusted.
#pragma once

#include <chrono>
#include <filesystem>
#include <snapcore/error.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/manifest.hpp"

namespace snapcore {

struct PluginFile {
  std::string id;  // the file name without .so
  std::filesystem::path path;
};

// --plugin-dir first, then SNAPCORE_PLUGIN_PATH (relative parts of it do not count), then
// ../lib/snapcore/plugins beside the binary. Never the current directory.
std::vector<std::filesystem::path> plugin_search_path(
    const std::vector<std::filesystem::path>& options);

// First match wins. "plugin.not_found" names every directory that was searched;
// "plugin.unsafe_file" when the file, or its directory, can be written by others than root and the
// caller.
Result<PluginFile> find_plugin(const std::vector<std::filesystem::path>& path, std::string_view id);
// Every plugin on the path, shadowed ones left out, by id. Unsafe files are included: loading
// refuses them.
std::vector<PluginFile> all_plugins(const std::vector<std::filesystem::path>& path);

struct Scan {
  PluginFile file;
  std::string sha256;
  Result<Manifest> manifest;
};

// Loads the file in a child process (this program, called again as `snapcore plugin scan FILE`) and
// reads the manifest from its output: a plugin that crashes or hangs there is an error in a table,
// nothing more.
Scan scan_plugin(const PluginFile& file);

// Which program serves `PROGRAM plugin scan FILE`, and how long it may take. Tests, which are not
// snapcore, name their own.
struct ScanOptions {
  std::filesystem::path program = "/proc/self/exe";
  std::chrono::milliseconds limit = std::chrono::seconds(60);
};
void set_scan_options(ScanOptions options);

// The child's side: loads `path` and writes the manifest's text, or the error as JSON, to stdout.
// Ends the process: 0 with a manifest, 1 without.
int scan_plugin_in_this_process(const std::filesystem::path& path);

}  // namespace snapcore
