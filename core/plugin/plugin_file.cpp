#include "plugin/plugin_file.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <snapcore/support/digest.hpp>
#include <string_view>

namespace snapcore {
namespace {

tl::unexpected<Error> unsafe(const std::filesystem::path& path, std::string_view why) {
  return fail({.code = "plugin.unsafe_file",
               .message = path.string() + " " + std::string(why) + ", so it is not loaded",
               .hint = "chown it to root or yourself and run: chmod go-w '" + path.string() + "'",
               .category = Category::kPrecondition});
}

// A group is as good as its owner when it is root's, or the caller's own.
bool is_trusted_group(gid_t group) { return group == 0 || group == ::getegid(); }

Result<> check_one(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    return fail({.code = "plugin.not_found",
                 .message = path.string() + ": " + std::strerror(errno),
                 .category = Category::kPrecondition});
  }
  if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
    return unsafe(path, "belongs to neither root nor the caller");
  }
  if (status.st_mode & S_IWOTH) return unsafe(path, "can be written by everybody");
  if ((status.st_mode & S_IWGRP) && !is_trusted_group(status.st_gid)) {
    return unsafe(path, "can be written by a group");
  }
  return {};
}

}  // namespace

Result<> check_safe(const std::filesystem::path& path) {
  std::error_code ignored;
  const std::filesystem::path absolute = std::filesystem::absolute(path, ignored);
  const std::filesystem::path real = std::filesystem::canonical(absolute, ignored);
  for (const auto& one : {absolute, absolute.parent_path(), real, real.parent_path()}) {
    if (one.empty()) continue;
    if (auto safe = check_one(one); !safe) return safe;
  }
  return {};
}

Result<std::string> hash_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  Sha256 hash;
  std::array<char, 64 * 1024> piece{};
  while (file) {
    file.read(piece.data(), piece.size());
    hash.update(std::string_view(piece.data(), static_cast<std::size_t>(file.gcount())));
  }
  if (file.eof()) return to_hex(hash.finish());
  return fail({.code = "plugin.load_failed",
               .message = "cannot read " + path.string(),
               .category = Category::kPrecondition});
}

}  // namespace snapcore
