#include "format/mapped_file.hpp"

#include <sys/mman.h>

#include <cerrno>

namespace etcd {

using snapcore::fail;

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  auto file = snapcore::files::open_for_reading(path);
  if (!file) return fail(file.error());
  return of(*file, path);
}

Result<MappedFile> MappedFile::of(const UniqueFd& fd, const std::filesystem::path& path) {
  const auto size = file_size(fd, path);
  if (!size) return fail(size.error());
  if (*size == 0) return MappedFile(Bytes{});  // mmap refuses a length of zero
  void* at = ::mmap(nullptr, *size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (at == MAP_FAILED) return fail(snapcore::files::system_error(errno, "map", path));
  return MappedFile(Bytes{static_cast<const std::byte*>(at), *size});
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  return *this;
}

}  // namespace etcd
