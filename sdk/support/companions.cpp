#include "companions.hpp"

#include <algorithm>

namespace snapcore::companions {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
  return out;
}

std::string_view last_part(std::string_view name) {
  const auto slash = name.rfind('/');
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

}  // namespace

bool is_digest(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

bool take_manifest(sdk::Artifact& artifact, std::string_view text) {
  auto manifest = Value::parse(text);
  if (!manifest || !manifest->is_object()) {
    artifact.manifest = "(not JSON)";
    return false;
  }
  artifact.manifest = std::move(*manifest);
  const std::string kind = artifact.manifest.at("kind").text();
  if (!kind.empty()) artifact.kind = kind;
  artifact.created = sdk::Time::parse(artifact.manifest.at("created").text());
  const std::string digest = artifact.manifest.at("stored").at("sha256").text();
  if (is_digest(digest)) artifact.sha256 = lower(digest);
  return true;
}

bool take_digest(sdk::Artifact& artifact, std::string_view text, std::string_view file) {
  auto digest = digest_in(text, file);
  if (!digest) return false;
  artifact.sha256 = std::move(digest);
  return true;
}

std::optional<std::string> digest_in(std::string_view sum_file, std::string_view file) {
  while (!sum_file.empty()) {
    const auto end = std::min(sum_file.find('\n'), sum_file.size());
    std::string_view line = sum_file.substr(0, end);
    sum_file.remove_prefix(std::min(end + 1, sum_file.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!is_digest(line.substr(0, 64))) continue;
    const std::string_view rest = line.substr(64);
    if (rest.find_first_not_of(' ') == std::string_view::npos) return lower(line.substr(0, 64));
    if (!rest.starts_with("  ") && !rest.starts_with(" *")) continue;
    if (last_part(rest.substr(2)) == file) return lower(line.substr(0, 64));
  }
  return std::nullopt;
}

}  // namespace snapcore::companions
