#include "publication.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "names.hpp"

namespace local_files {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Outcome;
using snapcore::Result;
using snapcore::Value;
using snapcore::files::system_error;
namespace files = snapcore::files;

namespace {

std::string manifest_of(std::string_view file) {
  return std::string(file) + std::string(kManifestSuffix);
}
std::string digest_of(std::string_view file) {
  return std::string(file) + std::string(kDigestSuffix);
}

Error exists(const Folder& folder, std::string_view name) {
  return {.code = "files.exists",
          .message = shown(folder.full(name)) + " exists already; nothing was changed",
          .hint = "choose another name, or remove that artifact first",
          .category = Category::kConflict};
}

std::int64_t nanoseconds(const struct timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

Result<> sync(int fd, const std::string& path) {
  if (::fsync(fd) != 0) return fail(system_error(errno, "cannot sync", path));
  return {};
}

// Waits for its turn; ends with the descriptor.
Result<UniqueFd> lock_folder(int folder, const std::string& path) {
  UniqueFd fd(::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail(system_error(errno, "cannot open", path));
  while (::flock(fd.get(), LOCK_EX) != 0) {
    // Some file systems know no locks; the rename alone then decides who gets the name.
    if (errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS) break;
    if (errno != EINTR) return fail(system_error(errno, "cannot lock", path));
  }
  return fd;
}

bool is_there(int folder, const std::string& name) {
  struct stat found = {};
  return ::fstatat(folder, name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<> unlink_if_there(int folder, const std::string& name, const std::string& path) {
  if (::unlinkat(folder, name.c_str(), 0) != 0 && errno != ENOENT) {
    return fail(system_error(errno, "cannot remove", path));
  }
  return {};
}

// Replaces a companion durably; an old one belongs to an artifact that is not there any more.
Result<> write_companion(int folder, const std::string& name, std::string_view text,
                         const std::string& path) {
  const std::string temporary = "." + name + ".part";
  if (auto removed = unlink_if_there(folder, temporary, path); !removed) return removed;
  const auto write = [&]() -> Result<> {
    const UniqueFd fd(::openat(folder, temporary.c_str(),
                               O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!fd) return fail(system_error(errno, "cannot create", path));
    if (auto written = files::write_all(fd, text, path); !written) return written;
    if (auto synced = files::fsync_file(fd, path); !synced) return synced;
    if (::renameat(folder, temporary.c_str(), folder, name.c_str()) != 0) {
      return fail(system_error(errno, "cannot replace", path));
    }
    return {};
  };
  auto written = write();
  if (!written) (void)unlink_if_there(folder, temporary, path);
  return written;
}

Result<> rename_to(int folder, const std::string& from, const std::string& to,
                   const std::string& path) {
  if (::syscall(SYS_renameat2, folder, from.c_str(), folder, to.c_str(), RENAME_NOREPLACE) == 0) {
    return {};
  }
  if (errno != EINVAL && errno != ENOSYS)
    return fail(system_error(errno, "cannot rename to", path));
  // A file system without RENAME_NOREPLACE: a link never replaces either.
  if (::linkat(folder, from.c_str(), folder, to.c_str(), 0) != 0) {
    return fail(system_error(errno, "cannot rename to", path));
  }
  return unlink_if_there(folder, from, path);
}

void remove_companions(int folder, std::string_view file) {
  (void)::unlinkat(folder, manifest_of(file).c_str(), 0);
  (void)::unlinkat(folder, digest_of(file).c_str(), 0);
}

void remove_folders(const Folder& folder, const std::vector<std::string>& made) {
  // A folder that somebody else has put something into stays.
  for (auto it = made.rbegin(); it != made.rend(); ++it) {
    auto parent = folder.open_folder(folder_of(*it));
    if (parent) (void)::unlinkat(parent->get(), std::string(file_of(*it)).c_str(), AT_REMOVEDIR);
  }
}

bool matches(int folder, const Traces& traces) {
  struct stat found = {};
  return traces.inode != 0 &&
         ::fstatat(folder, std::string(file_of(traces.name)).c_str(), &found,
                   AT_SYMLINK_NOFOLLOW) == 0 &&
         S_ISREG(found.st_mode) && found.st_ino == traces.inode &&
         static_cast<std::uint64_t>(found.st_size) == traces.size &&
         nanoseconds(found.st_mtim) == traces.modified_ns;
}

}  // namespace

void fields(snapcore::sdk::Fields& f, Traces& t) {
  f("name", t.name);
  f("temporary", t.temporary);
  f("folders", t.folders);
  f("inode", t.inode);
  f("size", t.size);
  f("modified_ns", t.modified_ns);
  f("sha256", t.sha256);
}

std::string temporary_name(std::string_view name, std::string_view key) {
  return "." + std::string(file_of(name)) + "." + std::string(key.substr(0, 16)) + ".part";
}

Result<Publication> Publication::begin(const Folder& folder, Traces traces) {
  Publication publication(folder, std::move(traces));
  if (auto opened = publication.open(); !opened) return fail(opened.error());
  return publication;
}

Result<> Publication::open() {
  traces_.folders.clear();  // from here on those that were made, not those that were missing
  auto parent = folder_->make_folders(folder_of(traces_.name), traces_.folders);
  if (!parent) return fail(parent.error());
  parent_ = std::move(*parent);
  if (is_there(parent_.get(), std::string(file_of(traces_.name)))) {
    return fail(exists(*folder_, traces_.name));
  }
  // Left by an earlier attempt of this very call.
  if (auto removed = unlink_if_there(parent_.get(), traces_.temporary, full_temporary());
      !removed) {
    return removed;
  }
  file_ = UniqueFd(::openat(parent_.get(), traces_.temporary.c_str(),
                            O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file_) return fail(system_error(errno, "cannot create", full_temporary()));
  return {};
}

Publication::Publication(Publication&& other) noexcept
    : folder_(other.folder_),
      traces_(std::move(other.traces_)),
      parent_(std::move(other.parent_)),
      file_(std::move(other.file_)),
      hash_(std::move(other.hash_)),
      published_(std::exchange(other.published_, true)) {}

Publication::~Publication() {
  if (published_) return;
  file_.close();
  if (parent_) (void)::unlinkat(parent_.get(), traces_.temporary.c_str(), 0);
  parent_.close();
  remove_folders(*folder_, traces_.folders);
}

std::string Publication::full_temporary() const {
  const auto folder = folder_of(traces_.name);
  return shown(folder_->full(folder.empty() ? traces_.temporary
                                            : std::string(folder) + "/" + traces_.temporary));
}

Result<> Publication::write(std::span<const std::byte> bytes) {
  if (auto written = files::write_all(file_, bytes, full_temporary()); !written) return written;
  hash_.update(bytes);
  traces_.size += bytes.size();
  return {};
}

Result<> Publication::finish() {
  if (auto synced = sync(file_.get(), full_temporary()); !synced) return synced;
  struct stat found = {};
  if (::fstat(file_.get(), &found) != 0) {
    return fail(system_error(errno, "cannot examine", full_temporary()));
  }
  traces_.inode = found.st_ino;
  traces_.modified_ns = nanoseconds(found.st_mtim);
  traces_.sha256 = snapcore::to_hex(hash_.finish());
  return {};
}

Result<> Publication::publish(const Value& manifest) {
  const std::string file(file_of(traces_.name));
  const std::string path = shown(folder_->full(traces_.name));
  const int folder = parent_.get();
  auto lock = lock_folder(folder, path);
  if (!lock) return fail(lock.error());
  if (is_there(folder, file)) return fail(exists(*folder_, traces_.name));

  const auto name_it = [&]() -> Result<> {
    const std::string sum = traces_.sha256 + "  " + file + "\n";
    if (auto put = write_companion(folder, digest_of(file), sum, path + ".sha256"); !put)
      return put;
    if (!manifest.is_null()) {
      const std::string text = manifest.pretty() + "\n";
      if (auto put = write_companion(folder, manifest_of(file), text, path + ".snapcore.json");
          !put) {
        return put;
      }
    } else if (auto removed = unlink_if_there(folder, manifest_of(file), path); !removed) {
      return removed;
    }
    // The companions must be there for good before the name is.
    if (auto synced = sync(folder, path); !synced) return synced;
    return rename_to(folder, traces_.temporary, file, path);
  };
  if (auto named = name_it(); !named) {
    if (!is_there(folder, file)) remove_companions(folder, file);
    return named;
  }
  published_ = true;
  auto synced = sync(folder, path);
  if (!synced) synced.error().outcome = Outcome::kMayHaveHappened;
  return synced;
}

bool is_published(const Folder& folder, const Traces& traces) {
  auto parent = folder.open_folder(folder_of(traces.name));
  return parent && matches(parent->get(), traces);
}

Result<std::vector<std::string>> withdraw(const Folder& folder, const Traces& traces) {
  std::vector<std::string> words;
  const std::string file(file_of(traces.name));
  const std::string path = shown(folder.full(traces.name));
  auto parent = folder.open_folder(folder_of(traces.name));
  if (!parent) {
    if (parent.error().code == "files.not_found") return words;
    return fail(parent.error());
  }
  auto lock = lock_folder(parent->get(), path);
  if (!lock) return fail(lock.error());
  if (is_there(parent->get(), traces.temporary)) {
    if (auto removed = unlink_if_there(parent->get(), traces.temporary, path); !removed) {
      return fail(removed.error());
    }
    words.push_back("removed the unfinished copy of " + path);
  }
  if (matches(parent->get(), traces)) {
    if (auto removed = unlink_if_there(parent->get(), file, path); !removed) {
      return fail(removed.error());
    }
    words.push_back("removed " + path);
  }
  // From the moment the file was known by its inode the companions may be of this store: the
  // artifact comes last and goes first.
  if (traces.inode != 0 && !is_there(parent->get(), file)) remove_companions(parent->get(), file);
  if (auto synced = sync(parent->get(), path); !synced) return fail(synced.error());
  remove_folders(folder, traces.folders);
  return words;
}

Result<> remove_artifact(const Folder& folder, std::string_view ref) {
  const std::string file(file_of(ref));
  const std::string path = shown(folder.full(ref));
  auto parent = folder.open_folder(folder_of(ref));
  if (!parent) return fail(parent.error());
  auto lock = lock_folder(parent->get(), path);
  if (!lock) return fail(lock.error());
  struct stat found = {};
  if (::fstatat(parent->get(), file.c_str(), &found, AT_SYMLINK_NOFOLLOW) != 0) {
    return fail(system_error(errno, "cannot remove", path));
  }
  if (!S_ISREG(found.st_mode)) {
    return fail({.code = "files.not_regular",
                 .message = "cannot remove " + path + ": it is not a regular file",
                 .category = Category::kPrecondition});
  }
  if (::unlinkat(parent->get(), file.c_str(), 0) != 0) {
    return fail(system_error(errno, "cannot remove", path));
  }
  remove_companions(parent->get(), file);
  auto synced = sync(parent->get(), path);
  if (!synced) synced.error().outcome = Outcome::kMayHaveHappened;
  return synced;
}

}  // namespace local_files
