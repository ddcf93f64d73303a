// A file's bytes, mapped read-only.
#pragma once

#include <filesystem>
#include <format/bytes.hpp>
#include <format/file.hpp>
#include <snapcore/error.hpp>

namespace etcd {

// The mapping is exactly as long as the file was when it was opened, so whoever stays inside
// bytes() never touches a page the file does not have. The caller keeps others from cutting the
// file while it is mapped: the system answers a touch behind the new end with a signal.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);
  // Maps what `fd` shows now; fd may be closed afterwards. `path` is for messages.
  static Result<MappedFile> of(const UniqueFd& fd, const std::filesystem::path& path);

  ~MappedFile();
  MappedFile(MappedFile&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  MappedFile& operator=(MappedFile&& other) noexcept;

  Bytes bytes() const { return bytes_; }

 private:
  explicit MappedFile(Bytes bytes) : bytes_(bytes) {}
  Bytes bytes_;
};

}  // namespace etcd
