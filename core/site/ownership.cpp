#include "site/ownership.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace snapcore {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }

 private:
  int number_;
};

tl::unexpected<Error> unreadable(const std::filesystem::path& path, const std::string& why) {
  return fail({.code = "site.unreadable_file",
               .message = "cannot read " + path.string() + ": " + why,
               .category = Category::kPrecondition});
}

tl::unexpected<Error> unsafe(const std::string& what, const std::string& why, std::string hint) {
  return fail({.code = "site.unsafe_file",
               .message = what + " " + why,
               .hint = std::move(hint),
               .category = Category::kPrecondition});
}

Result<> check(const struct stat& found, const std::filesystem::path& path, bool directory) {
  const std::string what = (directory ? "the directory " : "") + path.string();
  if (found.st_uid != 0 && found.st_uid != ::geteuid()) {
    return unsafe(
        what,
        "belongs to user " + std::to_string(found.st_uid) + ", neither to root nor to the caller",
        "if its contents are as they should be: chown " + std::to_string(::geteuid()) + " " +
            path.string());
  }
  // In a directory with the sticky bit nobody can remove or rename what belongs to another.
  const bool kept_apart = directory && (found.st_mode & S_ISVTX) != 0;
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !kept_apart) {
    return unsafe(what, "can be written by others",
                  "if its contents are as they should be: chmod go-w " + path.string());
  }
  return {};
}

Result<std::string> read_all(int number, const std::filesystem::path& path,
                             std::size_t most_bytes) {
  std::string text;
  char buffer[16384];
  for (;;) {
    const ssize_t count = ::read(number, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return unreadable(path, std::strerror(errno));
    if (count == 0) return text;
    text.append(buffer, static_cast<std::size_t>(count));
    if (text.size() > most_bytes)
      return unreadable(path, "it is larger than " + std::to_string(most_bytes) + " bytes");
  }
}

}  // namespace

Result<std::string> read_owned_file(const std::filesystem::path& path, std::size_t most_bytes) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (file.number() < 0) return unreadable(path, std::strerror(errno));
  struct stat found {};
  if (::fstat(file.number(), &found) != 0) return unreadable(path, std::strerror(errno));
  if (!S_ISREG(found.st_mode)) return unreadable(path, "it is not a regular file");
  if (auto safe = check(found, path, false); !safe) return fail(safe.error());

  // Where the name leads: a link elsewhere is as safe as the directory it points into.
  std::error_code problem;
  const auto directory = std::filesystem::canonical(path, problem).parent_path();
  if (problem) return unreadable(path, problem.message());
  struct stat holder {};
  if (::stat(directory.c_str(), &holder) != 0) return unreadable(directory, std::strerror(errno));
  if (auto safe = check(holder, directory, true); !safe) return fail(safe.error());
  return read_all(file.number(), path, most_bytes);
}

}  // namespace snapcore
