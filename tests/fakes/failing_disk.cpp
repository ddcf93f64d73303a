#include "failing_disk.hpp"

#include <fcntl.h>
#include <linux/limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstring>

namespace {

using snapcore::fakes::Fault;

// Written before `armed` and read after it.
std::atomic<bool> armed = false;
std::string folder;
Fault fault;
std::size_t nth;
std::atomic<std::size_t> count;
std::atomic<const char*> first_hit;

bool below(const char* path) { return std::strncmp(path, folder.c_str(), folder.size()) == 0; }

bool below(int fd) {
  char link[64];
  char path[PATH_MAX];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const auto length = ::readlink(link, path, sizeof path - 1);
  if (length < 0) return false;
  path[length] = '\0';
  return below(path);
}

bool is_directory(int fd) {
  struct statx found = {};
  return ::syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_TYPE, &found) == 0 &&
         S_ISDIR(found.stx_mode);
}

enum class Needs { kNothing, kRoom };

// Whether this operation is one that fails; errno is set then.
template <class Where>
bool fails(const char* operation, Where where, Needs needs) {
  if (!armed) return false;
  const int before = errno;
  const bool counted = below(where) && fault != Fault::kShortWrites &&
                       (fault != Fault::kFullDisk || needs == Needs::kRoom);
  errno = before;
  if (!counted) return false;
  const std::size_t number = ++count;
  if (number < nth || (number > nth && fault == Fault::kInputOutput)) return false;
  const char* none = nullptr;
  first_hit.compare_exchange_strong(none, operation);
  errno = fault == Fault::kFullDisk ? ENOSPC : EIO;
  return true;
}

std::size_t shortened(int fd, std::size_t size) {
  if (!armed || fault != Fault::kShortWrites || !below(fd) || ++count < nth) return size;
  first_hit = "write";
  return std::max<std::size_t>(1, size / 2);
}

}  // namespace

// What the code under test calls; everything else of the program takes this way too.
extern "C" {

int openat(int at, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  const Needs needs = (flags & O_CREAT) != 0 ? Needs::kRoom : Needs::kNothing;
  const bool relative = path[0] != '/' && at != AT_FDCWD;
  if (relative ? fails("open", at, needs) : fails("open", path, needs)) return -1;
  return static_cast<int>(::syscall(SYS_openat, at, path, flags, mode));
}

int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return ::openat(AT_FDCWD, path, flags, mode);
}

ssize_t write(int fd, const void* from, size_t size) {
  if (fails("write", fd, Needs::kRoom)) return -1;
  return ::syscall(SYS_write, fd, from, shortened(fd, size));
}

ssize_t pwrite(int fd, const void* from, size_t size, off_t offset) {
  if (fails("pwrite", fd, Needs::kRoom)) return -1;
  return ::syscall(SYS_pwrite64, fd, from, shortened(fd, size), offset);
}

// Some file systems find out here that there is no room for what was written.
int fsync(int fd) {
  if (fails("fsync", fd, armed && !is_directory(fd) ? Needs::kRoom : Needs::kNothing)) return -1;
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

int ftruncate(int fd, off_t size) noexcept {
  if (fails("ftruncate", fd, Needs::kRoom)) return -1;
  return static_cast<int>(::syscall(SYS_ftruncate, fd, size));
}

int mkdir(const char* path, mode_t mode) noexcept {
  if (fails("mkdir", path, Needs::kRoom)) return -1;
  return static_cast<int>(::syscall(SYS_mkdir, path, mode));
}

int fchmod(int fd, mode_t mode) noexcept {
  if (fails("fchmod", fd, Needs::kNothing)) return -1;
  return static_cast<int>(::syscall(SYS_fchmod, fd, mode));
}

int fchown(int fd, uid_t user, gid_t group) noexcept {
  if (fails("fchown", fd, Needs::kNothing)) return -1;
  return static_cast<int>(::syscall(SYS_fchown, fd, user, group));
}

void* mmap(void* at, size_t size, int protection, int flags, int fd, off_t offset) noexcept {
  if (fd >= 0 && fails("mmap", fd, Needs::kNothing)) return MAP_FAILED;
  return reinterpret_cast<void*>(::syscall(SYS_mmap, at, size, protection, flags, fd, offset));
}
}

namespace snapcore::fakes {

FailingDisk::FailingDisk(const std::filesystem::path& below, Fault kind, std::size_t number) {
  folder = below.string();
  fault = kind;
  nth = number;
  count = 0;
  first_hit = nullptr;
  armed = true;
}

FailingDisk::~FailingDisk() { armed = false; }

bool FailingDisk::hit() const { return first_hit != nullptr; }

std::string FailingDisk::operation() const {
  return std::to_string(nth) + ": " + (hit() ? first_hit.load() : "none");
}

}  // namespace snapcore::fakes
