// Integers out of and into bytes whose alignment nobody promised.
#pragma once

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <snapcore/support/digest.hpp>
#include <span>
#include <string>
#include <string_view>

namespace etcd {

using snapcore::Bytes;

inline Bytes bytes_of(std::string_view text) { return snapcore::as_bytes(text); }

inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

template <std::unsigned_integral T>
constexpr T byte_swapped(T value) {
  T swapped = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    swapped = static_cast<T>((swapped << 8) | ((value >> (8 * i)) & 0xff));
  }
  return swapped;
}

// The caller has checked that sizeof(T) bytes stand at `at`.
template <std::unsigned_integral T>
T load_le(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (std::endian::native == std::endian::big) value = byte_swapped(value);
  return value;
}

template <std::unsigned_integral T>
T load_be(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  if constexpr (std::endian::native == std::endian::little) value = byte_swapped(value);
  return value;
}

template <std::unsigned_integral T>
void append_le(std::string& out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

template <std::unsigned_integral T>
void append_be(std::string& out, T value) {
  for (std::size_t i = sizeof(T); i-- > 0;) out += static_cast<char>((value >> (8 * i)) & 0xff);
}

// An id as etcd prints it: lower-case hex without padding.
std::string id_text(std::uint64_t id);

}  // namespace etcd
