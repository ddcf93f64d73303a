// Files as the core uses them: everything the core writes goes through this seam.
//
// The seam is small so that a test can put a file system under the core that forgets what was not
// synced (tests/fakes/fake_file_system.hpp). What is durable is the caller's business and is always
// said: contents by File::sync(), names by sync_directory() of the directory they stand in. The
// functions at the end do both.
//
// Errors: "file.not_found", "file.exists", "file.no_space", "file.not_permitted", "file.read_only",
// "file.io_error", "file.locked", "file.too_large", "file.not_regular", else "file.failed". Each
// names the path.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/support/digest.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace snapcore {

using Path = std::filesystem::path;

enum class OpenFor {
  kRead,    // a regular file that exists
  kAppend,  // writes go to the end of a file that exists; it can be read, too
  kCreate,  // as kAppend, of a file that must not exist yet ("file.exists")
};

// Permissions of what is created, less the caller's umask.
using Mode = std::uint32_t;
inline constexpr Mode kPrivateFile = 0600;
inline constexpr Mode kPrivateDirectory = 0700;

// An open file; the destructor closes it.
class File {
 public:
  virtual ~File() = default;

  // All of it or an error; after an error any part may have been written.
  virtual Result<> write_all(Bytes bytes) = 0;
  // Contents and size survive a power loss once this returned. After an error nothing is known
  // about what was written since the last success, and calling it again proves nothing.
  virtual Result<> sync() = 0;
  // Cuts the file to `size` bytes; durable after sync().
  virtual Result<> truncate(std::uint64_t size) = 0;
  // Bytes read, fewer than asked for only at the end of the file, 0 when `offset` is at or behind
  // it.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) = 0;
  virtual Result<std::uint64_t> size() = 0;
};

// An exclusive lock; released by the destructor, and by the system when the process ends in any
// way.
class FileLock {
 public:
  virtual ~FileLock() = default;
  // Replaces the text in the lock file, for whoever is turned away. Not durable: it means nothing
  // once the lock is gone.
  virtual Result<> write(std::string_view text) = 0;
};

enum class FileKind { kFile, kDirectory, kSymlink, kOther };

struct FileStatus {
  FileKind kind = FileKind::kOther;
  std::uint64_t size = 0;
  Mode mode = 0;  // permission bits
  std::uint32_t owner = 0;
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t modified_ns = 0;  // since 1970
};

class FileSystem {
 public:
  virtual ~FileSystem() = default;

  virtual Result<std::unique_ptr<File>> open(const Path& path, OpenFor purpose,
                                             Mode mode = kPrivateFile) = 0;
  // Replaces `to` if it exists; one step for everybody who looks.
  virtual Result<> rename(const Path& from, const Path& to) = 0;
  // "file.exists" when `to` exists, and nothing happened.
  virtual Result<> rename_no_replace(const Path& from, const Path& to) = 0;
  // A file, a symbolic link, or an empty directory.
  virtual Result<> remove(const Path& path) = 0;
  // One directory; its parent must exist.
  virtual Result<> make_directory(const Path& path, Mode mode = kPrivateDirectory) = 0;
  // The names in a directory survive a power loss once this returned.
  virtual Result<> sync_directory(const Path& path) = 0;
  // Names, sorted, without "." and "..".
  virtual Result<std::vector<std::string>> list(const Path& path) = 0;
  // Nothing when there is nothing of that name; does not follow a symbolic link.
  virtual Result<std::optional<FileStatus>> status(const Path& path) = 0;
  // Makes the file when absent and locks it, or fails at once with "file.locked".
  virtual Result<std::unique_ptr<FileLock>> lock(const Path& path, Mode mode = kPrivateFile) = 0;
  // Bytes the caller may still write where `path` lies.
  virtual Result<std::uint64_t> free_space(const Path& path) = 0;
};

// The error of a system call: `doing` completes "cannot DOING PATH: ...".
Error file_error(std::string_view doing, const Path& path, int error_number);

// The whole file; "file.too_large" when it has more than `limit` bytes.
Result<std::string> read_file(FileSystem& fs, const Path& path, std::uint64_t limit);

// Creates `path` with these bytes; file and name are durable on return. "file.exists" when it
// exists. After an error the file may be there, incomplete.
Result<> create_file(FileSystem& fs, const Path& path, std::string_view bytes,
                     Mode mode = kPrivateFile);

// Puts `bytes` in the place of `path`, or leaves what was there: a temporary file beside it, sync,
// rename, sync of the directory. Durable on return; after an error no temporary file is left.
Result<> replace_file(FileSystem& fs, const Path& path, std::string_view bytes,
                      Mode mode = kPrivateFile);

// replace_file, but "file.exists" when there is already something of that name. Of several callers
// one wins.
Result<> publish_file(FileSystem& fs, const Path& path, std::string_view bytes,
                      Mode mode = kPrivateFile);

// Makes `path` and every missing parent, durably. What exists keeps its mode.
Result<> make_directories(FileSystem& fs, const Path& path, Mode mode = kPrivateDirectory);

// Removes `path` with everything below it; symbolic links are removed, not followed. Nothing there
// is no error.
Result<> remove_tree(FileSystem& fs, const Path& path);

}  // namespace snapcore
