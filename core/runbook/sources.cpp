#include "runbook/sources.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <snapcore/support/digest.hpp>

namespace snapcore {
namespace {

constexpr std::size_t kMostBytes = std::size_t{4} << 20;

tl::unexpected<Error> no_module(const std::string& name, const std::string& why,
                                std::string hint = "") {
  return fail({.code = "runbook.no_module",
               .message = "cannot require '" + name + "': " + why,
               .hint = std::move(hint),
               .category = Category::kPrecondition});
}

// "lib/minio": words joined by slashes, so that no name leads out of its directory.
bool is_module_name(std::string_view name) {
  if (name.empty() || name.size() > 200 || name.front() == '/' || name.back() == '/') return false;
  char previous = '\0';
  return std::all_of(name.begin(), name.end(), [&](char c) {
    const bool usable = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' || c == '-' ||
                        (c == '/' && previous != '/');
    previous = c;
    return usable;
  });
}

}  // namespace

SourceSet::SourceSet(Runbook::Source main, std::vector<std::filesystem::path> module_dirs,
                     bool closed)
    : module_dirs_(std::move(module_dirs)), closed_(closed) {
  sources_.push_back(std::move(main));
}

Result<Runbook::Source> SourceSet::read(std::string name, const std::filesystem::path& path) {
  const auto unreadable = [&](const std::string& why) {
    return fail({.code = "runbook.unreadable",
                 .message = "cannot read " + path.string() + ": " + why,
                 .category = Category::kPrecondition});
  };
  std::error_code problem;
  if (!std::filesystem::is_regular_file(path, problem)) {
    return unreadable(problem ? problem.message() : "not a file");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable(std::strerror(errno));
  std::string text;
  char buffer[16384];
  while (file.read(buffer, sizeof buffer) || file.gcount() > 0) {
    text.append(buffer, static_cast<std::size_t>(file.gcount()));
    if (text.size() > kMostBytes) return unreadable("it is larger than 4 MiB");
  }
  if (file.bad()) return unreadable(std::strerror(errno));
  std::string digest = sha256_hex(text);
  return Runbook::Source{std::move(name), path.string(), std::move(digest), std::move(text)};
}

Result<std::size_t> SourceSet::module(const std::string& name) {
  for (std::size_t i = 1; i < sources_.size(); ++i) {
    if (sources_[i].name == name) return i;
  }
  if (!is_module_name(name)) {
    return no_module(name, "this is no name of a module",
                     "a module is a file below the runbook's directory: require \"lib/site\" reads "
                     "lib/site.lua");
  }
  if (closed_) return no_module(name, "it is not among the texts this run carries");
  std::string looked_for;
  for (const auto& directory : module_dirs_) {
    const auto path = directory / (name + ".lua");
    looked_for += (looked_for.empty() ? "" : ", ") + path.string();
    std::error_code problem;
    if (!std::filesystem::exists(path, problem)) continue;
    auto source = read(name, path);
    if (!source) return fail(source.error());
    sources_.push_back(std::move(*source));
    return sources_.size() - 1;
  }
  return no_module(name, "there is no " + looked_for);
}

}  // namespace snapcore
