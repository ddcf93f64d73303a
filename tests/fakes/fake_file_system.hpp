// A file system in memory that knows what would survive a power loss.
//
// Contents become durable by File::sync(), names by sync_directory() of their directory, each for
// itself; until then lose_power() may take them. Any operation that changes something can be told
// to fail. Paths are absolute; a relative one begins at "/". Thread-safe.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/file_system.hpp"

namespace snapcore {

enum class Fault {
  kNoSpace,     // this operation fails
  kIoError,     // this operation fails; a write or a sync may have done anything
  kShortWrite,  // a write puts half of its bytes there before it fails for want of space
  kDiskFull,    // this one and all later ones that need space fail, until empty_disk()
  kDead,        // this one and all later ones do nothing: the process was killed here
};

// What a power loss leaves of that which was not synced. The default is nothing.
struct PowerLoss {
  bool names_survive = false;     // created, renamed and removed names
  std::size_t bytes_survive = 0;  // of what a file got since its last sync
  bool rest_reads_as_zeros =
      false;  // the file has its full size, but the rest never reached the disk
};

class FakeFileSystem final : public FileSystem {
 public:
  FakeFileSystem();
  ~FakeFileSystem() override;

  Result<std::unique_ptr<File>> open(const Path& path, OpenFor purpose,
                                     Mode mode = kPrivateFile) override;
  Result<> rename(const Path& from, const Path& to) override;
  Result<> rename_no_replace(const Path& from, const Path& to) override;
  Result<> remove(const Path& path) override;
  Result<> make_directory(const Path& path, Mode mode = kPrivateDirectory) override;
  Result<> sync_directory(const Path& path) override;
  Result<std::vector<std::string>> list(const Path& path) override;
  Result<std::optional<FileStatus>> status(const Path& path) override;
  Result<std::unique_ptr<FileLock>> lock(const Path& path, Mode mode = kPrivateFile) override;
  Result<std::uint64_t> free_space(const Path& path) override;

  // After it every open file and lock is dead, faults are forgotten, and what is left is durable.
  void lose_power(PowerLoss loss = {});

  // The process was killed and another one looks: as lose_power(), but what was not synced is still
  // seen, and still not durable.
  void restart_process();

  // Operations that change something, since the beginning: create, write, sync, truncate, rename,
  // remove, make_directory, sync_directory.
  std::size_t operations() const;
  // The operation `after` operations from now, 0 being the next, fails in this way.
  void fail_operation(std::size_t after, Fault fault);
  void fill_disk();
  void empty_disk();
  void set_read_only(bool read_only);
  void set_free_space(std::uint64_t bytes);

  // Past all faults, and durable at once: the hand of the test.
  void put(const Path& path, std::string bytes);
  void truncate(const Path& path, std::size_t size);
  std::string contents(const Path& path) const;  // "" when there is no such file
  bool exists(const Path& path) const;
  std::vector<std::string> tree() const;  // every path, sorted; directories end in '/'

 private:
  struct Node;
  class OpenFile;
  class HeldLock;
  using NodePtr = std::shared_ptr<Node>;
  struct Place {  // a name in a directory that exists
    NodePtr directory;
    std::string name;
    NodePtr node;  // null when there is nothing of that name
  };

  Result<Place> find(const Path& path, std::string_view doing) const;
  NodePtr look_up(const Path& path) const;
  void end_life();
  // The error that this operation is to fail with, if any. Counts it.
  std::optional<int> next_operation(bool needs_space, bool* is_short = nullptr);
  Result<> move(const Path& from, const Path& to, bool replace);

  mutable std::recursive_mutex mutex_;
  NodePtr root_;
  std::size_t operations_ = 0;
  std::map<std::size_t, Fault> faults_;
  bool full_ = false, dead_ = false, read_only_ = false;
  std::uint64_t free_space_ = std::uint64_t{1} << 40;
  std::uint64_t lives_ = 0;  // open files remember theirs
  std::uint64_t next_inode_ = 1;
};

}  // namespace snapcore
