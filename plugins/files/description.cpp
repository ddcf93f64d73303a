#include "description.hpp"

#include <fcntl.h>

#include <cerrno>
#include <span>

#include "names.hpp"

namespace local_files {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Result;
namespace companions = snapcore::companions;
namespace files = snapcore::files;
namespace sdk = snapcore::sdk;

namespace {

Error bad_companion(const std::string& name, std::string_view why) {
  return {
      .code = "files.bad_companion",
      .message = shown(name) + " " + std::string(why),
      .hint = "look at the artifact before you trust it; without this file it counts as unrecorded",
      .category = Category::kCorrupt};
}

// The companion's text; empty when there is none.
Result<std::optional<std::string>> companion(int folder, const std::string& name) {
  const UniqueFd fd(
      ::openat(folder, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!fd && errno == ENOENT) return std::optional<std::string>();
  if (!fd) return fail(bad_companion(name, "cannot be opened"));
  struct stat found = {};
  if (::fstat(fd.get(), &found) != 0 || !S_ISREG(found.st_mode)) {
    return fail(bad_companion(name, "is not a regular file"));
  }
  std::string text;
  std::byte piece[16384];
  for (;;) {
    const auto got = files::read_some(fd, piece, name);
    if (!got) return fail(got.error());
    if (*got == 0) return std::optional(std::move(text));
    text.append(reinterpret_cast<const char*>(piece), *got);
    if (text.size() > companions::kLargest) return fail(bad_companion(name, "is too large"));
  }
}

void take_manifest(Described& described, int folder, std::string_view file) {
  const std::string name = std::string(file) + std::string(kManifestSuffix);
  sdk::Artifact& artifact = described.artifact;
  auto text = companion(folder, name);
  if (!text) {
    described.problem = text.error();
    artifact.manifest = "(cannot be read)";
    return;
  }
  if (!*text) return;
  if (!companions::take_manifest(artifact, **text)) {
    described.problem = bad_companion(name, "is not a JSON object");
  }
}

void take_digest(Described& described, int folder, std::string_view file) {
  const std::string name = std::string(file) + std::string(kDigestSuffix);
  auto text = companion(folder, name);
  if (!text) {
    described.problem = text.error();
    return;
  }
  if (!*text) return;
  if (!companions::take_digest(described.artifact, **text, file)) {
    described.problem = bad_companion(name, "names no SHA-256 of " + shown(file));
  }
}

}  // namespace

Described describe(int folder, std::string_view file, std::string_view ref,
                   const struct stat& found) {
  Described described;
  sdk::Artifact& artifact = described.artifact;
  artifact.ref = std::string(ref);
  artifact.name = std::string(ref);
  artifact.size = static_cast<std::uint64_t>(found.st_size);
  artifact.modified =
      sdk::Time{std::chrono::sys_seconds(std::chrono::seconds(found.st_mtim.tv_sec))};
  artifact.local = true;
  take_manifest(described, folder, file);
  take_digest(described, folder, file);
  return described;
}

}  // namespace local_files
