#include "names.hpp"

#include <algorithm>
#include <snapcore/utf8.hpp>

namespace s3 {

using snapcore::fail;
using snapcore::Result;

namespace {

constexpr std::size_t kLongestName =
    900;  // a key has 1024 bytes at most, prefix and suffix included

bool has_hidden_part(std::string_view name) {
  return name.starts_with('.') || name.find("/.") != std::string_view::npos;
}

Result<> refuse(std::string_view name, std::string_view why) {
  return fail({.code = "s3.bad_ref",
               .message = "'" + snapcore::shown(name) + "' " + std::string(why),
               .category = snapcore::Category::kPrecondition});
}

}  // namespace

bool is_artifact(std::string_view name) {
  return !name.empty() && !name.ends_with('/') && !has_hidden_part(name) &&
         !name.ends_with(kManifestSuffix) && !name.ends_with(kDigestSuffix);
}

Result<> check_ref(std::string_view ref) {
  if (!is_artifact(ref)) return refuse(ref, "is the name of no artifact");
  return {};
}

Result<> check_new_name(std::string_view name) {
  if (auto checked = check_ref(name); !checked) return checked;
  if (name.size() > kLongestName) return refuse(name, "is too long for a key");
  if (name.starts_with('/') || name.find("//") != std::string_view::npos) {
    return refuse(name, "has an empty part");
  }
  if (std::any_of(name.begin(), name.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\';
      })) {
    return refuse(name, "has a control character or a backslash");
  }
  return {};
}

std::string_view last_part(std::string_view name) {
  const auto slash = name.rfind('/');
  return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

}  // namespace s3
