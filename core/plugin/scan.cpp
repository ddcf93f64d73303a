#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <future>
#include <mutex>
#include <utility>

#include "plugin/child_scan.hpp"
#include "plugin/library.hpp"
#include "plugin/plugin_file.hpp"
#include "plugin/search.hpp"

namespace snapcore {
namespace {

std::mutex options_mutex;
ScanOptions options_in_use;

ScanOptions current_options() {
  const std::lock_guard lock(options_mutex);
  return options_in_use;
}

Error named(const PluginFile& file, Error problem) {
  problem.message = "plugin " + file.id + " (" + file.path.string() + "): " + problem.message;
  return problem;
}

Result<Manifest> read_manifest(const PluginFile& file) {
  const ScanOptions how = current_options();
  auto text = scan_in_child(how.program, file.path, how.limit);
  if (!text) return fail(text.error());
  auto manifest = parse_manifest(*text);
  if (!manifest) return manifest;
  if (manifest->id == file.id) return manifest;
  return fail(
      {.code = "plugin.invalid_manifest",
       .message = "invalid manifest: its id is " + manifest->id + ", not the name of its file",
       .category = Category::kInternal});
}

bool write_all(int output, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(output, text.data(), text.size());
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<std::string> load_and_read(const std::filesystem::path& path) {
  auto table = load_library(path);
  if (!table) return fail(table.error());
  auto copy = read_table(*table);
  if (!copy) return fail(copy.error());
  return manifest_text(*copy);
}

}  // namespace

void set_scan_options(ScanOptions options) {
  const std::lock_guard lock(options_mutex);
  options_in_use = std::move(options);
}

Scan scan_plugin(const PluginFile& file) {
  const auto refused = [&](const Error& problem) {
    return Scan{file, "", fail(named(file, problem))};
  };
  if (auto safe = check_safe(file.path); !safe) return refused(safe.error());
  // The child loads it meanwhile.
  auto digest = std::async(std::launch::async, hash_file, file.path);
  auto manifest = read_manifest(file);
  auto sha256 = digest.get();
  if (!sha256) return refused(sha256.error());
  if (!manifest) return Scan{file, std::move(*sha256), fail(named(file, manifest.error()))};
  return Scan{file, std::move(*sha256), std::move(manifest)};
}

int scan_plugin_in_this_process(const std::filesystem::path& path) {
  // A crash here is an answer, not a reason for a core dump, and nobody waits for us once the
  // parent is gone.
  const rlimit no_core{0, 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // What a plugin prints while it is loaded must not be taken for its manifest.
  const int output = ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (output < 0 || nowhere < 0 || ::dup2(nowhere, STDOUT_FILENO) < 0) return 1;

  const auto text = load_and_read(path);
  const bool written = write_all(output, text ? *text : to_value(text.error()).dump());
  // Leaves without running the plugin's destructors: only its manifest was asked for.
  ::_exit(text && written ? 0 : 1);
}

}  // namespace snapcore
