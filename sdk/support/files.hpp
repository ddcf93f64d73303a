// Durable file operations. Failures are values whose text names the path and the system's reason.
//
// Codes: "files.not_found", "files.exists", "files.permission_denied", "files.no_space",
// "files.read_only", "files.not_regular" (a symbolic link, a device, a pipe where a file is
// needed), "files.not_a_directory", "files.busy", "files.too_large", "files.unsupported",
// "files.failed".
#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <snapcore/error.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace snapcore::files {

using Path = std::filesystem::path;

// The only owner of a file descriptor.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  ~UniqueFd() { close(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  void close();
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

// "cannot open /a/b: Permission denied", from an errno value.
Error system_error(int number, std::string_view doing, const Path& path);

// Nothing here follows a symbolic link in the last part of a path. A file that is not regular is
// refused without blocking, so that a pipe put in its place cannot hang the reader.
Result<UniqueFd> open_for_reading(const Path& path);
Result<UniqueFd> open_for_writing(const Path& path);  // existing, not truncated
Result<UniqueFd> open_directory(const Path& path);
// The file must not exist.
Result<UniqueFd> create_file(const Path& path, mode_t mode = 0600);

// Short moves and interrupts are handled here. read_some gives 0 at the end only.
Result<std::size_t> read_some(const UniqueFd& fd, std::span<std::byte> into, const Path& path);
Result<std::size_t> read_some_at(const UniqueFd& fd, std::uint64_t offset,
                                 std::span<std::byte> into, const Path& path);
Result<> write_all(const UniqueFd& fd, std::span<const std::byte> bytes, const Path& path);
Result<> write_all_at(const UniqueFd& fd, std::uint64_t offset, std::span<const std::byte> bytes,
                      const Path& path);
Result<> write_all(const UniqueFd& fd, std::string_view text, const Path& path);

// Asks the system to bring these bytes to the disk while others are still written, so that the sync
// at the end has less to wait for. Nothing is durable before that.
void begin_writing_back(const UniqueFd& fd, std::uint64_t offset, std::uint64_t bytes);

Result<> fsync_file(const UniqueFd& fd, const Path& path);
Result<> fsync_directory(const Path& path);

// A file whole; "files.too_large" above the limit.
Result<std::string> read_file(const Path& path, std::uint64_t limit = 1 << 20);
// Makes `path` hold `text`, durably and in one step: a reader sees the old or the new. A replaced
// file gives way by rename; `mode` is that of the new one.
Result<> replace_file(const Path& path, std::string_view text, mode_t mode = 0600);

// Renames and makes both directories durable. "files.exists" when `to` is there, whatever it is.
Result<> rename_no_replace(const Path& from, const Path& to);
// Swaps two existing names in one step, then makes both directories durable.
Result<> rename_exchange(const Path& a, const Path& b);

// A name that is not there is fine. The caller syncs the directory.
Result<> remove_file(const Path& path);

struct TreeLimits {
  std::size_t entries = 1'000'000;
  int depth = 64;
};
// Removes a file or a directory with all it holds; what is not there is fine. A symbolic link is
// removed, never followed, and another file system mounted below stops it with "files.busy". The
// limits are a brake, "files.too_large": the removal stops half way.
Result<> remove_tree(const Path& path, TreeLimits limits = {});

struct DirectoryOptions {
  mode_t mode = 0700;
  std::optional<uid_t> owner = {};
  std::optional<gid_t> group = {};
};
// One new directory with exactly this mode and owner; "files.exists" when the name is taken.
// The caller syncs the parent.
Result<> make_directory(const Path& path, DirectoryOptions options = {});

struct Space {
  std::uint64_t free = 0;  // for a process that is not privileged
  std::uint64_t total = 0;
  std::uint64_t device = 0;  // the same for two paths of one file system
};
// Of the file system that holds `path`, or would: the nearest directory above that exists.
Result<Space> free_space(const Path& path);

// What is there, links not followed; empty when nothing is.
Result<std::optional<struct stat>> look_at(const Path& path);

}  // namespace snapcore::files
