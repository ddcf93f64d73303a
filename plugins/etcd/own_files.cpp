#include "own_files.hpp"

#include <algorithm>
#include <snapcore/utf8.hpp>

#include "renaming.hpp"
#include "staged.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
using snapcore::fail;

constexpr std::size_t kMostNamed = 3;

// Such as the WAL directory that lies in a data directory, perhaps deeper in it.
bool is_log_directory(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(fs::symlink_status(path, ignored))) return false;
  const auto names = names_in(path);
  return names && !names->empty() &&
         std::all_of(names->begin(), names->end(), [&](const std::string& name) {
           return is_of_the_log(name) || is_log_directory(path / name);
         });
}

bool is_ours(const std::string& name) {
  return names_staged(name) || names_backup(name) || name.ends_with(".snapcore-lock");
}

}  // namespace

bool is_of_the_log(std::string_view name) {
  return std::any_of(kOfTheLog.begin(), kOfTheLog.end(),
                     [&](std::string_view end) { return name.ends_with(end); });
}

Result<Holdings> holdings_of(const fs::path& dir) {
  Holdings holdings;
  if (!look(dir).there) return holdings;
  const auto names = names_in(dir);
  if (!names) return fail(names.error());
  for (const std::string& name : *names) {
    if (name == "member" || is_of_the_log(name)) {
      holdings.of_etcd = true;
    } else if (name != "lost+found" && !is_ours(name) && !is_log_directory(dir / name)) {
      holdings.others.push_back(name);
    }
  }
  return holdings;
}

std::string some_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMostNamed); ++i)
    text += (i == 0 ? "" : ", ") + snapcore::shown(names[i]);
  if (names.size() > kMostNamed)
    text += " and " + std::to_string(names.size() - kMostNamed) + " more";
  return text;
}

}  // namespace etcd
