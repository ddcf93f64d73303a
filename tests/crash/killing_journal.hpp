// The real file system, but what a file got since its last sync is lost when the process is killed,
// and the process is killed at a sync of its choice.
#pragma once

#include "base/real_file_system.hpp"

namespace snapcore::test {

class KillingFileSystem final : public FileSystem {
 public:
  // Right after, or right before, the `at`th sync of any file from now on; 0 is never.
  enum class Kill { kAfterTheSync, kBeforeTheSync };
  KillingFileSystem(int at, Kill when) : at_(at), when_(when) {}

  int syncs() const { return syncs_; }

  Result<std::unique_ptr<File>> open(const Path& path, OpenFor purpose, Mode mode) override;
  Result<> rename(const Path& from, const Path& to) override { return real_.rename(from, to); }
  Result<> rename_no_replace(const Path& from, const Path& to) override {
    return real_.rename_no_replace(from, to);
  }
  Result<> remove(const Path& path) override { return real_.remove(path); }
  Result<> make_directory(const Path& path, Mode mode) override {
    return real_.make_directory(path, mode);
  }
  Result<> sync_directory(const Path& path) override { return real_.sync_directory(path); }
  Result<std::vector<std::string>> list(const Path& path) override { return real_.list(path); }
  Result<std::optional<FileStatus>> status(const Path& path) override { return real_.status(path); }
  Result<std::unique_ptr<FileLock>> lock(const Path& path, Mode mode) override {
    return real_.lock(path, mode);
  }
  Result<std::uint64_t> free_space(const Path& path) override { return real_.free_space(path); }

 private:
  class LosingFile;

  // True: this is the moment.
  bool count() { return ++syncs_ == at_; }

  RealFileSystem real_;
  const int at_;
  const Kill when_;
  int syncs_ = 0;
};

}  // namespace snapcore::test
