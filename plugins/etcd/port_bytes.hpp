// The bytes of a port in memory that belongs to no file, so that looking at them writes nothing.
#pragma once

#include <cstdint>
#include <format/bytes.hpp>
#include <functional>
#include <optional>
#include <snapcore/error.hpp>
#include <span>
#include <string>
#include <utility>

namespace etcd {

using snapcore::Result;

class PortBytes {
 public:
  using Read = std::function<Result<std::size_t>(std::span<std::byte>)>;

  // Reads to the end. `size` is what the port says it holds; another size is
  // "etcd.snapshot_truncated".
  static Result<PortBytes> read(const Read& read, std::optional<std::uint64_t> size,
                                const std::string& name);

  ~PortBytes();
  PortBytes(PortBytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        capacity_(std::exchange(other.capacity_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  PortBytes& operator=(PortBytes&&) = delete;

  Bytes bytes() const { return {data_, size_}; }

 private:
  PortBytes() = default;
  Result<> grow(std::size_t capacity, const std::string& name);

  std::byte* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace etcd
