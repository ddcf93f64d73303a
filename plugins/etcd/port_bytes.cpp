#include "port_bytes.hpp"

#include <sys/mman.h>

#include <algorithm>

namespace etcd {
namespace {

using snapcore::fail;

constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr std::size_t kFirst = std::size_t{64} << 20;  // when nobody knows the size

}  // namespace

PortBytes::~PortBytes() {
  if (data_) ::munmap(data_, capacity_);
}

Result<> PortBytes::grow(std::size_t capacity, const std::string& name) {
  void* const grown =
      data_ ? ::mremap(data_, capacity_, capacity, MREMAP_MAYMOVE)
            : ::mmap(nullptr, capacity, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (grown == MAP_FAILED) {
    return fail({.code = "etcd.no_memory",
                 .message = "there is not enough memory to examine " + name + ", which takes " +
                            std::to_string(capacity) + " bytes",
                 .category = snapcore::Category::kTransient});
  }
  data_ = static_cast<std::byte*>(grown);
  capacity_ = capacity;
  return {};
}

Result<PortBytes> PortBytes::read(const Read& read, std::optional<std::uint64_t> size,
                                  const std::string& name) {
  PortBytes bytes;
  // One byte more than the size, so that a longer stream is noticed.
  const std::size_t first = size ? static_cast<std::size_t>(*size) + 1 : kFirst;
  if (auto grown = bytes.grow(first, name); !grown) return fail(grown.error());
  for (;;) {
    if (bytes.size_ == bytes.capacity_) {
      if (auto grown = bytes.grow(2 * bytes.capacity_, name); !grown) return fail(grown.error());
    }
    const std::size_t room = std::min(kPiece, bytes.capacity_ - bytes.size_);
    const auto got = read({bytes.data_ + bytes.size_, room});
    if (!got) return fail(got.error());
    if (*got == 0) break;
    bytes.size_ += std::min(*got, room);
  }
  if (size && bytes.size_ != *size) {
    return fail({.code = "etcd.snapshot_truncated",
                 .message = name + " is said to have " + std::to_string(*size) + " bytes and has " +
                            std::to_string(bytes.size_),
                 .hint = "see whether somebody writes to it",
                 .category = snapcore::Category::kCorrupt});
  }
  return bytes;
}

}  // namespace etcd
