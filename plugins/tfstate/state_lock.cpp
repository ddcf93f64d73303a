#include "state_lock.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <snapcore/utf8.hpp>

namespace tfstate {
namespace {

using snapcore::Category;
using snapcore::fail;
using snapcore::shown;
namespace files = snapcore::files;

struct flock whole_file(short type) {
  struct flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

snapcore::Error locked_by_another(const Place& place) {
  const auto holder = holder_of(place);
  return {.code = "tfstate.locked",
          .message = shown(place.file.string()) + " is locked by " +
                     (holder ? words_of(*holder) : "a process that does not say who it is"),
          .hint = "wait until it is done",
          .category = Category::kConflict};
}

Result<> write_info(const Place& place, const LockInfo& info) {
  const std::string path = place.lock_info().string();
  const UniqueFd fd(
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) return fail(files::system_error(errno, "cannot write", path));
  return files::write_all(fd, std::string_view(info.to_json()), path);
}

// Who took the file away after we had opened it holds another lock.
bool is_still_there(const UniqueFd& fd, const Place& place) {
  struct stat opened = {}, named = {};
  return ::fstat(fd.get(), &opened) == 0 && ::stat(place.file.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

}  // namespace

Result<StateLock> StateLock::take(const Place& place, const LockInfo& info) {
  UniqueFd fd(
      ::open(place.file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600));
  if (!fd) return fail(files::system_error(errno, "cannot open", place.file));
  struct stat opened = {};
  if (::fstat(fd.get(), &opened) != 0 || !S_ISREG(opened.st_mode)) {
    return fail({.code = "tfstate.not_regular",
                 .message = shown(place.file.string()) + " is not a regular file",
                 .category = Category::kPrecondition});
  }
  struct flock wanted = whole_file(F_WRLCK);
  if (::fcntl(fd.get(), F_OFD_SETLK, &wanted) != 0) {
    if (errno == EAGAIN || errno == EACCES) return fail(locked_by_another(place));
    return fail(files::system_error(errno, "cannot lock", place.file));
  }
  if (!is_still_there(fd, place)) {
    return fail({.code = "tfstate.replaced",
                 .message = shown(place.file.string()) + " was replaced while it was being locked",
                 .hint = "try again",
                 .category = Category::kConflict});
  }
  StateLock lock(place, std::move(fd));
  if (auto written = write_info(place, info); !written) return fail(written.error());
  return lock;
}

StateLock::~StateLock() { release(); }

void StateLock::release() {
  if (!fd_) return;
  // As with the tools, one that stays behind does no harm: it is no lock.
  (void)files::remove_file(place_.lock_info());
  fd_.close();
}

bool is_locked(const Place& place) {
  const UniqueFd fd(::open(place.file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return false;
  struct flock asked = whole_file(F_WRLCK);
  return ::fcntl(fd.get(), F_OFD_GETLK, &asked) == 0 && asked.l_type != F_UNLCK;
}

std::optional<LockInfo> holder_of(const Place& place) {
  const auto text = files::read_file(place.lock_info());
  if (!text) return std::nullopt;
  return LockInfo::from_json(*text);
}

std::string words_of(const LockInfo& info) {
  std::string text = info.who.empty() ? "somebody" : shown(info.who);
  if (!info.created.empty()) text += " since " + shown(info.created);
  text += " (" + (info.operation.empty() ? "unknown operation" : shown(info.operation)) +
          ", lock " + shown(info.id) + ")";
  return text;
}

}  // namespace tfstate
