// The bytes of a file: all of them in memory, or fetched through a descriptor where they are
// needed.
//
// A descriptor is read, never mapped. A file that somebody cuts while it is mapped ends the process
// with a signal, and one that somebody writes to changes bytes that were already judged; what was
// read is judged in memory of our own, and a file that was cut is an error like any other. It costs
// one copy of a page that is about to be looked at anyway.
#pragma once

#include <cstdint>
#include <format/bytes.hpp>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace etcd {

// Memory for what is fetched, kept from one time to the next. Whoever goes through a file page by
// page, forward or backward, finds the neighbours in it: what is read at a time doubles while each
// request stands beside the one before, and is the request alone after a jump. For one file.
class Room {
 public:
  Room() = default;
  Room(Room&& other) noexcept
      : bytes_(std::move(other.bytes_)), held_(std::exchange(other.held_, {})) {}
  Room& operator=(Room&& other) noexcept {
    bytes_ = std::move(other.bytes_);
    held_ = std::exchange(other.held_, {});
    return *this;
  }

 private:
  friend class FileBytes;
  struct Span {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
  };

  bool holds(Span wanted) const { return held_.from <= wanted.from && wanted.to <= held_.to; }
  // What to read so that `wanted` is in it, within a file of `size` bytes.
  Span next_window(Span wanted, std::uint64_t size) const;

  std::vector<std::byte> bytes_;
  Span held_;
};

class FileBytes {
 public:
  FileBytes(Bytes memory) : memory_(memory), size_(memory.size()) {}
  // `fd` stays the caller's and open; `size` is what it had when it was opened.
  FileBytes(int fd, std::uint64_t size) : fd_(fd), size_(size) {}

  std::uint64_t size() const { return size_; }
  // All of it, when it is in memory; else nothing.
  Bytes memory() const { return memory_; }

  // `length` bytes at `offset`, which are within size(): a view of the memory, or of `room`. Empty
  // when all is well, else why they cannot be had.
  std::string_view fetch(std::uint64_t offset, std::size_t length, Room& room, Bytes& bytes) const;

 private:
  std::string_view read(std::uint64_t offset, std::span<std::byte> into) const;

  int fd_ = -1;
  Bytes memory_;
  std::uint64_t size_ = 0;
};

}  // namespace etcd
