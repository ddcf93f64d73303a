#include "format/file_bytes.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace etcd {

namespace {

constexpr std::uint64_t kLargestWindow = std::uint64_t{128} << 10;
// Backward, a page is asked for before those that it overflows into, which a window's border may
// cut off: what lies this close below the bytes at hand is no jump, and as much of those is kept.
constexpr std::uint64_t kOverflow = std::uint64_t{16} << 10;

}  // namespace

Room::Span Room::next_window(Span wanted, std::uint64_t size) const {
  const std::uint64_t length = wanted.to - wanted.from;
  const std::uint64_t grown = std::min(2 * (held_.to - held_.from), kLargestWindow);
  if (grown <= length) return wanted;
  if (wanted.from >= held_.from && wanted.from <= held_.to)
    return {wanted.from, std::min(wanted.from + grown, size)};
  if (wanted.to > held_.to || wanted.to + kOverflow < held_.from) return wanted;
  // A page larger than that may begin below the bytes at hand and end far within them.
  const std::uint64_t end = std::max(wanted.to, std::min(held_.to, held_.from + kOverflow));
  const std::uint64_t from = end - std::min(end, grown);
  return from <= wanted.from ? Span{from, end} : wanted;
}

std::string_view FileBytes::fetch(std::uint64_t offset, std::size_t length, Room& room,
                                  Bytes& bytes) const {
  if (fd_ < 0) {
    bytes = memory_.subspan(offset, length);
    return {};
  }
  const Room::Span wanted{offset, offset + length};
  if (!room.holds(wanted)) {
    const Room::Span window = room.next_window(wanted, size_);
    const Room::Span held = std::exchange(room.held_, {});
    const auto count = static_cast<std::size_t>(window.to - window.from);
    if (room.bytes_.size() < count) room.bytes_.resize(count);
    const auto into = std::span(room.bytes_).first(count);
    // What is at hand of the window stays, what stands before and behind it is read.
    const std::uint64_t from = std::clamp(held.from, window.from, window.to);
    const std::uint64_t to = std::clamp(held.to, from, window.to);
    const auto before = static_cast<std::size_t>(from - window.from);
    const auto kept = static_cast<std::size_t>(to - from);
    if (kept > 0) std::memmove(into.data() + before, room.bytes_.data() + (from - held.from), kept);
    auto problem = read(window.from, into.first(before));
    if (problem.empty()) problem = read(to, into.subspan(before + kept));
    if (!problem.empty()) return problem;
    room.held_ = window;
  }
  bytes = Bytes(room.bytes_).subspan(static_cast<std::size_t>(offset - room.held_.from), length);
  return {};
}

std::string_view FileBytes::read(std::uint64_t offset, std::span<std::byte> into) const {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const auto got = ::pread(fd_, into.data() + filled, into.size() - filled,
                             static_cast<off_t>(offset + filled));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return "the file cannot be read here";
    if (got == 0) return "the file was cut while it was read";
    filled += static_cast<std::size_t>(got);
  }
  return {};
}

}  // namespace etcd
