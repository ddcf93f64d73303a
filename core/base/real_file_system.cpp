#include "base/real_file_system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <utility>

namespace snapcore {
namespace {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

template <class Call>
auto repeat_if_interrupted(Call call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

Result<> checked(int result, std::string_view doing, const Path& path) {
  if (result < 0) return fail(file_error(doing, path, errno));
  return {};
}

Descriptor open_descriptor(const Path& path, int flags, Mode mode = 0) {
  return Descriptor(repeat_if_interrupted([&] {
    return ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, static_cast<mode_t>(mode));
  }));
}

Result<> write_all_to(int descriptor, Bytes bytes, const Path& path) {
  while (!bytes.empty()) {
    const auto moved =
        repeat_if_interrupted([&] { return ::write(descriptor, bytes.data(), bytes.size()); });
    if (moved < 0) return fail(file_error("write", path, errno));
    bytes = bytes.subspan(static_cast<std::size_t>(moved));
  }
  return {};
}

class RealFile final : public File {
 public:
  RealFile(Descriptor descriptor, Path path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<> write_all(Bytes bytes) override {
    return write_all_to(descriptor_.number(), bytes, path_);
  }

  Result<> sync() override { return checked(::fdatasync(descriptor_.number()), "sync", path_); }

  Result<> truncate(std::uint64_t size) override {
    return checked(repeat_if_interrupted(
                       [&] { return ::ftruncate(descriptor_.number(), static_cast<off_t>(size)); }),
                   "cut", path_);
  }

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    std::size_t filled = 0;
    while (filled < into.size()) {
      const auto got = repeat_if_interrupted([&] {
        return ::pread(descriptor_.number(), into.data() + filled, into.size() - filled,
                       static_cast<off_t>(offset + filled));
      });
      if (got < 0) return fail(file_error("read", path_, errno));
      if (got == 0) break;
      filled += static_cast<std::size_t>(got);
    }
    return filled;
  }

  Result<std::uint64_t> size() override {
    struct stat status {};
    if (::fstat(descriptor_.number(), &status) < 0)
      return fail(file_error("look at", path_, errno));
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  Descriptor descriptor_;
  Path path_;
};

class RealLock final : public FileLock {
 public:
  RealLock(Descriptor descriptor, Path path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<> write(std::string_view text) override {
    if (auto cut = checked(::ftruncate(descriptor_.number(), 0), "write", path_); !cut) return cut;
    if (::lseek(descriptor_.number(), 0, SEEK_SET) < 0) {
      return fail(file_error("write", path_, errno));
    }
    return write_all_to(descriptor_.number(), as_bytes(text), path_);
  }

 private:
  Descriptor
      descriptor_;  // closing it releases the lock; the file stays, removing it would be a race
  Path path_;
};

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::kFile;
  if (S_ISDIR(mode)) return FileKind::kDirectory;
  if (S_ISLNK(mode)) return FileKind::kSymlink;
  return FileKind::kOther;
}

}  // namespace

Result<std::unique_ptr<File>> RealFileSystem::open(const Path& path, OpenFor purpose, Mode mode) {
  // O_NONBLOCK: a pipe somebody put there must not hang us; it is refused below.
  int flags = O_RDONLY | O_NONBLOCK;
  if (purpose == OpenFor::kAppend) flags = O_RDWR | O_APPEND | O_NONBLOCK;
  if (purpose == OpenFor::kCreate) flags = O_RDWR | O_APPEND | O_CREAT | O_EXCL;
  Descriptor descriptor = open_descriptor(path, flags, mode);
  const std::string_view doing = purpose == OpenFor::kCreate ? "create" : "open";
  if (!descriptor) return fail(file_error(doing, path, errno));
  struct stat status {};
  if (::fstat(descriptor.number(), &status) < 0) return fail(file_error(doing, path, errno));
  if (!S_ISREG(status.st_mode)) {
    return fail({.code = "file.not_regular",
                 .message = path.string() + " is not a regular file",
                 .category = Category::kPrecondition});
  }
  return std::make_unique<RealFile>(std::move(descriptor), path);
}

Result<> RealFileSystem::rename(const Path& from, const Path& to) {
  return checked(::rename(from.c_str(), to.c_str()), "rename " + from.string() + " to", to);
}

Result<> RealFileSystem::rename_no_replace(const Path& from, const Path& to) {
  const std::string doing = "rename " + from.string() + " to";
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno != EINVAL && errno != ENOSYS) return fail(file_error(doing, to, errno));
  // Some file systems lack it; a second name fails just as well when the place is taken.
  if (auto linked = checked(::link(from.c_str(), to.c_str()), doing, to); !linked) return linked;
  return checked(::unlink(from.c_str()), "remove", from);
}

Result<> RealFileSystem::remove(const Path& path) {
  return checked(std::remove(path.c_str()), "remove", path);
}

Result<> RealFileSystem::make_directory(const Path& path, Mode mode) {
  return checked(::mkdir(path.c_str(), static_cast<mode_t>(mode)), "make directory", path);
}

Result<> RealFileSystem::sync_directory(const Path& path) {
  const Descriptor descriptor = open_descriptor(path, O_RDONLY | O_DIRECTORY);
  if (!descriptor) return fail(file_error("open directory", path, errno));
  return checked(::fsync(descriptor.number()), "sync directory", path);
}

Result<std::vector<std::string>> RealFileSystem::list(const Path& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
  if (!directory) return fail(file_error("list", path, errno));
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) return fail(file_error("list", path, errno));
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::optional<FileStatus>> RealFileSystem::status(const Path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) < 0) {
    if (errno == ENOENT) return std::nullopt;
    return fail(file_error("look at", path, errno));
  }
  return FileStatus{
      .kind = kind_of(status.st_mode),
      .size = static_cast<std::uint64_t>(status.st_size),
      .mode = status.st_mode & 07777U,
      .owner = status.st_uid,
      .device = status.st_dev,
      .inode = status.st_ino,
      .modified_ns = status.st_mtim.tv_sec * std::int64_t{1000000000} + status.st_mtim.tv_nsec};
}

Result<std::unique_ptr<FileLock>> RealFileSystem::lock(const Path& path, Mode mode) {
  Descriptor descriptor = open_descriptor(path, O_RDWR | O_CREAT | O_NOFOLLOW, mode);
  if (!descriptor) return fail(file_error("open", path, errno));
  if (repeat_if_interrupted([&] { return ::flock(descriptor.number(), LOCK_EX | LOCK_NB); }) < 0) {
    if (errno != EWOULDBLOCK) return fail(file_error("lock", path, errno));
    return fail({.code = "file.locked",
                 .message = path.string() + " is locked by another process",
                 .category = Category::kConflict});
  }
  return std::make_unique<RealLock>(std::move(descriptor), path);
}

Result<std::uint64_t> RealFileSystem::free_space(const Path& path) {
  struct statvfs space {};
  if (repeat_if_interrupted([&] { return ::statvfs(path.c_str(), &space); }) < 0) {
    return fail(file_error("look at the free space of", path, errno));
  }
  return static_cast<std::uint64_t>(space.f_bavail) * space.f_frsize;
}

}  // namespace snapcore
