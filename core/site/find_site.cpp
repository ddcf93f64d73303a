#include <cstdlib>

#include "site/site.hpp"

namespace snapcore {
namespace {

constexpr const char* kSystemSite = "/etc/snapcore/site.lua";

bool is_there(const std::filesystem::path& path) {
  std::error_code problem;
  return std::filesystem::exists(path, problem);
}

tl::unexpected<Error> not_found(const std::string& message) {
  return fail({.code = "site.not_found",
               .message = message,
               .hint = "a site describes the systems to restore; name one with --site FILE",
               .category = Category::kPrecondition});
}

}  // namespace

Result<std::filesystem::path> find_site(const std::optional<std::filesystem::path>& option) {
  if (option) {
    if (is_there(*option)) return *option;
    return not_found("there is no site " + option->string() + " (from --site)");
  }
  // A site that was asked for and is missing must not be replaced by another one.
  if (const char* named = std::getenv("SNAPCORE_SITE"); named != nullptr && *named != '\0') {
    if (is_there(named)) return std::filesystem::path(named);
    return not_found("there is no site " + std::string(named) + " (from SNAPCORE_SITE)");
  }
  for (const char* path : {"./site.lua", kSystemSite}) {
    if (is_there(path)) return std::filesystem::path(path);
  }
  return not_found(
      std::string("no site found: --site and SNAPCORE_SITE are not given, and there is neither "
                  "./site.lua nor ") +
      kSystemSite);
}

}  // namespace snapcore
