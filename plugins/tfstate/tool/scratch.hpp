// A private directory in memory, for what holds secrets and must not reach a disk: copies of
// states, saved plans. It is gone with the object; what a killed process left is removed by the
// next one.
#pragma once

#include <filesystem>
#include <snapcore/error.hpp>
#include <snapcore/support/files.hpp>

namespace tfstate {

using snapcore::Result;

class Scratch {
 public:
  // "tfstate.no_memory" where no file system in memory can be written to.
  static Result<Scratch> make();
  Scratch(Scratch&& other) noexcept;
  Scratch& operator=(Scratch&&) = delete;
  ~Scratch();

  const std::filesystem::path& path() const { return path_; }

 private:
  Scratch(std::filesystem::path path, snapcore::files::UniqueFd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}
  std::filesystem::path path_;
  snapcore::files::UniqueFd lock_;  // held while the directory is in use
};

}  // namespace tfstate
