#include "files.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>

namespace snapcore::files {
namespace {

// One system call moves less than 2 GiB whatever it is asked.
constexpr std::size_t kMostAtOnce = std::size_t{1} << 30;

struct Kind {
  std::string_view code;
  Category category;
};

Kind kind_of(int number) {
  switch (number) {
    case ENOENT: return {"files.not_found", Category::kPrecondition};
    case EEXIST: return {"files.exists", Category::kConflict};
    case EACCES:
    case EPERM: return {"files.permission_denied", Category::kAuth};
    case ENOSPC:
    case EDQUOT: return {"files.no_space", Category::kPrecondition};
    case EROFS: return {"files.read_only", Category::kPrecondition};
    case ELOOP:
    case EISDIR: return {"files.not_regular", Category::kPrecondition};
    case ENOTDIR: return {"files.not_a_directory", Category::kPrecondition};
    case EBUSY:
    case ETXTBSY:
    case ENOTEMPTY: return {"files.busy", Category::kConflict};
    case EFBIG: return {"files.too_large", Category::kPrecondition};
    case ENOSYS:
    case EOPNOTSUPP: return {"files.unsupported", Category::kPermanent};
    case EMFILE:
    case ENFILE:
    case ENOMEM: return {"files.failed", Category::kTransient};
    default: return {"files.failed", Category::kPermanent};
  }
}

tl::unexpected<Error> failed(int number, std::string_view doing, const Path& path) {
  return fail(system_error(number, doing, path));
}

Result<UniqueFd> open_regular(const Path& path, int flags) {
  // Without O_NONBLOCK the open of a pipe would wait for its other end.
  UniqueFd fd(::open(path.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return failed(errno, "cannot open", path);
  struct stat found = {};
  if (::fstat(fd.get(), &found) != 0) return failed(errno, "cannot examine", path);
  if (!S_ISREG(found.st_mode)) {
    return fail({.code = "files.not_regular",
                 .message = path.string() + " is not a regular file",
                 .category = Category::kPrecondition});
  }
  return fd;
}

Path parent_of(const Path& path) {
  const Path parent = path.parent_path();
  return parent.empty() ? Path(".") : parent;
}

Result<> rename_with(const Path& from, const Path& to, unsigned flags, std::string_view doing) {
  if (::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), flags) != 0) {
    Error error = system_error(errno == EINVAL ? EOPNOTSUPP : errno, doing, to);
    error.message += " (from " + from.string() + ")";
    return fail(std::move(error));
  }
  // From here on the names have changed, whatever the sync says.
  auto synced = fsync_directory(parent_of(to));
  if (synced && parent_of(from) != parent_of(to)) synced = fsync_directory(parent_of(from));
  if (!synced) synced.error().outcome = Outcome::kHappened;
  return synced;
}

}  // namespace

void UniqueFd::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

Error system_error(int number, std::string_view doing, const Path& path) {
  const Kind kind = kind_of(number);
  return {.code = std::string(kind.code),
          .message = std::string(doing) + " " + path.string() + ": " +
                     std::generic_category().message(number),
          .category = kind.category};
}

Result<UniqueFd> open_for_reading(const Path& path) { return open_regular(path, O_RDONLY); }
Result<UniqueFd> open_for_writing(const Path& path) { return open_regular(path, O_RDWR); }

Result<UniqueFd> open_directory(const Path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return failed(errno, "cannot open the directory", path);
  return fd;
}

Result<UniqueFd> create_file(const Path& path, mode_t mode) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd) return failed(errno, "cannot create", path);
  return fd;
}

Result<std::size_t> read_some(const UniqueFd& fd, std::span<std::byte> into, const Path& path) {
  for (;;) {
    const auto got = ::read(fd.get(), into.data(), std::min(into.size(), kMostAtOnce));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return failed(errno, "cannot read", path);
  }
}

Result<std::size_t> read_some_at(const UniqueFd& fd, std::uint64_t offset,
                                 std::span<std::byte> into, const Path& path) {
  for (;;) {
    const auto got = ::pread(fd.get(), into.data(), std::min(into.size(), kMostAtOnce),
                             static_cast<off_t>(offset));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return failed(errno, "cannot read", path);
  }
}

Result<> write_all(const UniqueFd& fd, std::span<const std::byte> bytes, const Path& path) {
  while (!bytes.empty()) {
    const auto put = ::write(fd.get(), bytes.data(), std::min(bytes.size(), kMostAtOnce));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failed(errno, "cannot write", path);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
  return {};
}

Result<> write_all_at(const UniqueFd& fd, std::uint64_t offset, std::span<const std::byte> bytes,
                      const Path& path) {
  while (!bytes.empty()) {
    const auto put = ::pwrite(fd.get(), bytes.data(), std::min(bytes.size(), kMostAtOnce),
                              static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) return failed(errno, "cannot write", path);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
    offset += static_cast<std::uint64_t>(put);
  }
  return {};
}

Result<> write_all(const UniqueFd& fd, std::string_view text, const Path& path) {
  return write_all(fd, std::as_bytes(std::span(text.data(), text.size())), path);
}

void begin_writing_back(const UniqueFd& fd, std::uint64_t offset, std::uint64_t bytes) {
  // Whatever goes wrong is told by the sync.
  (void)::sync_file_range(fd.get(), static_cast<off64_t>(offset), static_cast<off64_t>(bytes),
                          SYNC_FILE_RANGE_WRITE);
}

Result<> fsync_file(const UniqueFd& fd, const Path& path) {
  if (::fsync(fd.get()) != 0) return failed(errno, "cannot sync", path);
  return {};
}

Result<> fsync_directory(const Path& path) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return failed(errno, "cannot open the directory", path);
  return fsync_file(fd, path);
}

Result<std::string> read_file(const Path& path, std::uint64_t limit) {
  auto fd = open_for_reading(path);
  if (!fd) return fail(fd.error());
  std::string text;
  std::byte piece[16384];
  for (;;) {
    auto got = read_some(*fd, piece, path);
    if (!got) return fail(got.error());
    if (*got == 0) return text;
    if (text.size() + *got > limit) {
      return fail({.code = "files.too_large",
                   .message = path.string() + " is larger than " + std::to_string(limit) + " bytes",
                   .category = Category::kPrecondition});
    }
    text.append(reinterpret_cast<const char*>(piece), *got);
  }
}

Result<> replace_file(const Path& path, std::string_view text, mode_t mode) {
  static std::atomic<unsigned> count = 0;
  Path temporary = path;
  temporary += ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
  if (auto removed = remove_file(temporary); !removed) return removed;
  auto written = [&]() -> Result<> {
    auto fd = create_file(temporary, mode);
    if (!fd) return fail(fd.error());
    if (auto put = write_all(*fd, text, path); !put) return put;
    if (auto synced = fsync_file(*fd, path); !synced) return synced;
    if (::rename(temporary.c_str(), path.c_str()) != 0)
      return failed(errno, "cannot replace", path);
    return {};
  }();
  if (!written) {
    (void)remove_file(temporary);
    return written;
  }
  return fsync_directory(parent_of(path));
}

Result<> rename_no_replace(const Path& from, const Path& to) {
  return rename_with(from, to, RENAME_NOREPLACE, "cannot rename to");
}

Result<> rename_exchange(const Path& a, const Path& b) {
  return rename_with(a, b, RENAME_EXCHANGE, "cannot exchange");
}

Result<> remove_file(const Path& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return failed(errno, "cannot remove", path);
  return {};
}

Result<> make_directory(const Path& path, DirectoryOptions options) {
  // Closed until mode and owner are right.
  if (::mkdir(path.c_str(), 0700) != 0) return failed(errno, "cannot make the directory", path);
  const auto finish = [&]() -> Result<> {
    auto fd = open_directory(path);
    if (!fd) return fail(fd.error());
    if (options.owner || options.group) {
      const auto owner = options.owner.value_or(static_cast<uid_t>(-1));
      const auto group = options.group.value_or(static_cast<gid_t>(-1));
      if (::fchown(fd->get(), owner, group) != 0) {
        return failed(errno, "cannot set the owner of", path);
      }
    }
    if (::fchmod(fd->get(), options.mode) != 0)
      return failed(errno, "cannot set the mode of", path);
    return {};
  };
  auto done = finish();
  if (!done) ::rmdir(path.c_str());
  return done;
}

Result<Space> free_space(const Path& path) {
  std::error_code ignored;
  Path at = std::filesystem::absolute(path, ignored);
  for (;;) {
    struct statvfs found = {};
    struct stat where = {};
    if (::statvfs(at.c_str(), &found) == 0 && ::stat(at.c_str(), &where) == 0) {
      return Space{.free = std::uint64_t{found.f_bavail} * found.f_frsize,
                   .total = std::uint64_t{found.f_blocks} * found.f_frsize,
                   .device = where.st_dev};
    }
    if ((errno != ENOENT && errno != ENOTDIR) || at == at.root_path() || at.empty()) {
      return failed(errno, "cannot tell the free space of", path);
    }
    at = at.parent_path();
  }
}

Result<std::optional<struct stat>> look_at(const Path& path) {
  struct stat found = {};
  if (::lstat(path.c_str(), &found) == 0) return std::optional(found);
  if (errno == ENOENT) return std::optional<struct stat>();
  return failed(errno, "cannot examine", path);
}

}  // namespace snapcore::files
