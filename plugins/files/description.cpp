#include "description.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <span>

#include "names.hpp"

namespace local_files {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Result;
using snapcore::Value;
namespace files = snapcore::files;
namespace sdk = snapcore::sdk;

namespace {

constexpr std::size_t kLargestCompanion = 1 << 20;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  });
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  return out;
}

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
    if (text.size() > kLargestCompanion) return fail(bad_companion(name, "is too large"));
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
  auto manifest = Value::parse(**text);
  if (!manifest || !manifest->is_object()) {
    described.problem = bad_companion(name, "is not a JSON object");
    artifact.manifest = "(not JSON)";
    return;
  }
  artifact.manifest = std::move(*manifest);
  const std::string kind = artifact.manifest.at("kind").text();
  if (!kind.empty()) artifact.kind = kind;
  artifact.created = sdk::Time::parse(artifact.manifest.at("created").text());
  const std::string digest = artifact.manifest.at("stored").at("sha256").text();
  if (digest.size() == 64 && is_hex(digest)) artifact.sha256 = lower(digest);
}

// Where both companions name a digest, the one that sha256sum checks stands beside the manifest's,
// so that the core sees when they disagree.
void take_digest(Described& described, int folder, std::string_view file) {
  const std::string name = std::string(file) + std::string(kDigestSuffix);
  auto text = companion(folder, name);
  if (!text) {
    described.problem = text.error();
    return;
  }
  if (!*text) return;
  auto digest = digest_in(**text, file);
  if (!digest) {
    described.problem = bad_companion(name, "names no SHA-256 of " + shown(file));
    return;
  }
  described.artifact.sha256 = std::move(digest);
}

}  // namespace

std::optional<std::string> digest_in(std::string_view sum_file, std::string_view file) {
  while (!sum_file.empty()) {
    const auto end = std::min(sum_file.find('\n'), sum_file.size());
    std::string_view line = sum_file.substr(0, end);
    sum_file.remove_prefix(std::min(end + 1, sum_file.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.size() < 64 || !is_hex(line.substr(0, 64))) continue;
    const std::string_view rest = line.substr(64);
    if (rest.find_first_not_of(' ') == std::string_view::npos) return lower(line.substr(0, 64));
    if (!rest.starts_with("  ") && !rest.starts_with(" *")) continue;
    if (file_of(rest.substr(2)) == file) return lower(line.substr(0, 64));
  }
  return std::nullopt;
}

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
