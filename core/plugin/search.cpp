#include "plugin/search.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "plugin/plugin_file.hpp"

namespace snapcore {
namespace {

namespace fs = std::filesystem;

constexpr char kVariable[] = "SNAPCORE_PLUGIN_PATH";
constexpr char kSuffix[] = ".so";

void add(std::vector<fs::path>& path, const fs::path& directory) {
  fs::path clean = directory.lexically_normal();
  if (!clean.has_filename()) clean = clean.parent_path();
  if (std::find(path.begin(), path.end(), clean) == path.end()) path.push_back(clean);
}

// A relative part would mean wherever the operator happens to stand, so it is left out.
void add_from_environment(std::vector<fs::path>& path) {
  const char* variable = std::getenv(kVariable);
  std::string_view rest = variable ? variable : "";
  while (!rest.empty()) {
    const auto colon = rest.find(':');
    const fs::path part(rest.substr(0, colon));
    if (part.is_absolute()) add(path, part);
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
}

void add_beside_binary(std::vector<fs::path>& path) {
  std::error_code problem;
  const fs::path binary = fs::read_symlink("/proc/self/exe", problem);
  if (problem) return;
  add(path, binary.parent_path().parent_path() / "lib" / "snapcore" / "plugins");
}

std::string list_of(const std::vector<fs::path>& path) {
  std::string list;
  for (const fs::path& directory : path) list += (list.empty() ? "" : ", ") + directory.string();
  return list.empty() ? "no directory" : list;
}

}  // namespace

std::vector<fs::path> plugin_search_path(const std::vector<fs::path>& options) {
  std::vector<fs::path> path;
  std::error_code ignored;
  for (const fs::path& option : options) add(path, fs::absolute(option, ignored));
  add_from_environment(path);
  add_beside_binary(path);
  return path;
}

Result<PluginFile> find_plugin(const std::vector<fs::path>& path, std::string_view id) {
  std::error_code ignored;
  const bool plain = !id.empty() && id.find('/') == std::string_view::npos;
  for (const fs::path& directory : path) {
    PluginFile file{std::string(id), directory / (std::string(id) + kSuffix)};
    if (!plain || !fs::exists(file.path, ignored)) continue;
    if (auto safe = check_safe(file.path); !safe) return fail(safe.error());
    return file;
  }
  return fail(
      {.code = "plugin.not_found",
       .message = "there is no plugin \"" + std::string(id) + "\"; searched: " + list_of(path),
       .hint = "run 'snapcore plugin list' to see what can be loaded",
       .category = Category::kPrecondition});
}

std::vector<PluginFile> all_plugins(const std::vector<fs::path>& path) {
  std::map<std::string, fs::path> found;
  std::error_code ignored;
  for (const fs::path& directory : path) {
    for (const auto& entry : fs::directory_iterator(directory, ignored)) {
      if (entry.path().extension() == kSuffix)
        found.emplace(entry.path().stem().string(), entry.path());
    }
  }
  std::vector<PluginFile> plugins;
  for (auto& [id, file] : found) plugins.push_back({id, std::move(file)});
  return plugins;
}

}  // namespace snapcore
