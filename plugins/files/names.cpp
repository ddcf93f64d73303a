#include "names.hpp"

#include <algorithm>
#include <array>
#include <snapcore/utf8.hpp>

namespace local_files {

using snapcore::Category;
using snapcore::fail;
using snapcore::Result;

namespace {

// Names under which other tools write what is not complete yet.
constexpr std::array<std::string_view, 5> kTemporarySuffixes = {".part", ".partial", ".tmp",
                                                                ".temp", "~"};
constexpr std::size_t kLongestRef = 4000;
// The file system takes 255 bytes; the temporary name and the companions need some of them.
constexpr std::size_t kLongestName = 200;

Result<> refuse(std::string_view ref, std::string_view why) {
  return fail({.code = "files.bad_ref",
               .message = "'" + shown(ref) + "' cannot be an artifact: " + std::string(why),
               .category = Category::kPrecondition});
}

}  // namespace

bool is_hidden(std::string_view file_name) { return file_name.starts_with('.'); }

bool is_artifact_name(std::string_view file_name) {
  if (file_name.empty() || is_hidden(file_name)) return false;
  if (file_name.ends_with(kManifestSuffix) || file_name.ends_with(kDigestSuffix)) return false;
  return std::none_of(kTemporarySuffixes.begin(), kTemporarySuffixes.end(),
                      [&](std::string_view suffix) { return file_name.ends_with(suffix); });
}

Result<> check_ref(std::string_view ref) {
  if (ref.empty()) return refuse(ref, "it is empty");
  if (ref.size() > kLongestRef) return refuse(ref.substr(0, 64), "it is too long");
  if (!snapcore::is_utf8(ref)) return refuse(ref, "it is not UTF-8");
  if (ref.find('\0') != std::string_view::npos) return refuse(ref, "it holds a zero byte");
  if (ref.front() == '/') return refuse(ref, "it must be relative to the directory of the source");
  for (std::size_t at = 0; at <= ref.size();) {
    const std::size_t end = std::min(ref.find('/', at), ref.size());
    const std::string_view part = ref.substr(at, end - at);
    if (part.empty()) return refuse(ref, "a part of it is empty");
    if (part == ".") return refuse(ref, "it holds a '.' that names nothing");
    if (part == "..") return refuse(ref, "it leads out of the directory of the source");
    if (is_hidden(part)) return refuse(ref, "hidden files are none");
    at = end + 1;
  }
  if (!is_artifact_name(file_of(ref))) {
    return refuse(ref, "it has the name of a companion or a temporary file");
  }
  return {};
}

Result<> check_new_name(std::string_view name) {
  if (auto checked = check_ref(name); !checked) return checked;
  if (file_of(name).size() > kLongestName) return refuse(name, "its name is too long");
  const bool printable = std::none_of(
      name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f || c == '\\'; });
  if (!printable) return refuse(name, "it holds a control character or a backslash");
  return {};
}

std::string_view folder_of(std::string_view ref) {
  const auto slash = ref.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : ref.substr(0, slash);
}

std::string_view file_of(std::string_view ref) {
  const auto slash = ref.rfind('/');
  return slash == std::string_view::npos ? ref : ref.substr(slash + 1);
}

}  // namespace local_files
