// Leases as files of one directory, STATE/leases: one a key, the last number that was drawn, and a
// lock for the moments of writing. FORMAT.md.
#pragma once

#include <memory>

#include "base/file_system.hpp"
#include "base/sleeper.hpp"
#include "lease/store.hpp"

namespace snapcore {

class FileLeaseStore final : public LeaseStore {
 public:
  // `directory` need not exist; reading makes nothing. `sleeper` passes the time until another
  // process has finished writing; once it is woken a busy store is given up soon.
  FileLeaseStore(FileSystem& fs, Path directory, Sleeper& sleeper);

  Result<std::optional<Lease>> read(const std::string& key) override;
  Result<> write(const Lease& lease) override;
  Result<std::uint64_t> draw_fence(std::uint64_t after) override;
  Result<KnownLeases> list() override;

  Path path_of(std::string_view key) const;

 private:
  Result<std::unique_ptr<FileLock>> lock();
  Result<std::optional<Lease>> read_file_of(const Path& path);
  Result<std::uint64_t> last_fence();
  Result<std::uint64_t> highest_fence();

  FileSystem& fs_;
  const Path directory_;
  Sleeper& sleeper_;
};

}  // namespace snapcore
