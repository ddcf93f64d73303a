#include "hold.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <string>

namespace etcd {
namespace {

namespace fs = std::filesystem;
namespace files = snapcore::files;
using files::UniqueFd;
using snapcore::Category;
using snapcore::fail;

fs::path lock_file_of(const Place& place) {
  return place.data_dir.parent_path() /
         ("." + place.data_dir.filename().string() + ".snapcore-lock");
}

// What /proc/locks calls the file: "fd:01:1234".
std::string name_in_locks(const struct stat& file) {
  char name[64];
  std::snprintf(name, sizeof name, "%02x:%02x:%lu", major(file.st_dev), minor(file.st_dev),
                file.st_ino);
  return name;
}

std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

// "process 4711 (snapcore)", or no more than "another process".
std::string holder_of(const UniqueFd& locked) {
  const std::string unknown = "another process";
  struct stat found = {};
  if (::fstat(locked.get(), &found) != 0) return unknown;
  const std::string wanted = name_in_locks(found);
  std::ifstream locks("/proc/locks");
  std::string number, kind, strength, mode, pid, file, rest;
  while (locks >> number >> kind >> strength >> mode >> pid >> file && std::getline(locks, rest)) {
    if (kind != "FLOCK" || file != wanted) continue;
    const std::string program = first_line("/proc/" + pid + "/comm");
    return program.empty() ? unknown : "process " + pid + " (" + program + ")";
  }
  return unknown;
}

// Who held it before removes the file: what was opened may be nobody's any more.
bool is_still(const fs::path& path, const UniqueFd& opened) {
  struct stat there = {};
  struct stat ours = {};
  return ::lstat(path.c_str(), &there) == 0 && ::fstat(opened.get(), &ours) == 0 &&
         there.st_dev == ours.st_dev && there.st_ino == ours.st_ino;
}

enum class Taken : std::uint8_t { kYes, kHeld, kNoLocksHere };

Taken lock(const fs::path& path, int flags, UniqueFd& fd) {
  for (;;) {
    fd = UniqueFd(::open(path.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return Taken::kNoLocksHere;
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
      return errno == EWOULDBLOCK ? Taken::kHeld : Taken::kNoLocksHere;
    if (is_still(path, fd)) return Taken::kYes;
  }
}

}  // namespace

Result<Hold> Hold::take(const std::vector<Place>& places) {
  Hold hold;
  for (const Place& place : places) {
    const fs::path path = place.data_is_mount ? place.data_dir : lock_file_of(place);
    UniqueFd fd;
    const Taken taken =
        lock(path, place.data_is_mount ? O_RDONLY | O_DIRECTORY : O_RDWR | O_CREAT, fd);
    if (taken == Taken::kHeld) {
      return fail({.code = "etcd.held",
                   .message = holder_of(fd) + " is at work on " + place.data_dir.string(),
                   .hint = "nothing was moved and no member stopped; wait until it is done, then "
                           "see whether this is still wanted",
                   .category = Category::kConflict});
    }
    // A file system without locks, or without room for one more name, keeps nobody apart; it is no
    // reason not to bring a cluster back.
    if (taken == Taken::kNoLocksHere) continue;
    hold.locks_.push_back({std::move(fd), place.data_is_mount ? fs::path() : path});
  }
  return hold;
}

Hold::~Hold() {
  for (const Lock& lock : locks_) {
    if (lock.file.empty()) continue;
    ::unlink(lock.file.c_str());
    (void)files::fsync_directory(lock.file.parent_path());
  }
}

}  // namespace etcd
