#include "format/file_bytes.hpp"

#include <unistd.h>

#include <cerrno>

namespace etcd {

std::string_view FileBytes::fetch(std::uint64_t offset, std::size_t length, Room& room,
                                  Bytes& bytes) const {
  if (fd_ < 0) {
    bytes = memory_.subspan(offset, length);
    return {};
  }
  const std::span<std::byte> into = room.take(length);
  std::size_t filled = 0;
  while (filled < length) {
    const auto got =
        ::pread(fd_, into.data() + filled, length - filled, static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return "the file cannot be read here";
    if (got == 0) return "the file was cut while it was read";
    filled += static_cast<std::size_t>(got);
  }
  bytes = into;
  return {};
}

}  // namespace etcd
