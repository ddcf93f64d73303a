// The file system of this machine.
#pragma once

#include "base/file_system.hpp"

namespace snapcore {

class RealFileSystem final : public FileSystem {
 public:
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
};

}  // namespace snapcore
