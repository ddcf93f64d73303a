#include "format/crc32c.hpp"

#include <array>
#include <format/bytes.hpp>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace etcd {
namespace {

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Tables make_tables() {
  Tables tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
    tables[0][i] = crc;
  }
  for (std::uint32_t i = 0; i < 256; ++i) {
    for (std::size_t t = 1; t < tables.size(); ++t) {
      const std::uint32_t before = tables[t - 1][i];
      tables[t][i] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = make_tables();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_sse42(std::uint32_t crc, Bytes bytes) {
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t state = ~crc;
  for (; left >= 8; at += 8, left -= 8) state = _mm_crc32_u64(state, load_le<std::uint64_t>(at));
  auto small = static_cast<std::uint32_t>(state);
  for (; left > 0; ++at, --left) small = _mm_crc32_u8(small, std::to_integer<std::uint8_t>(*at));
  return ~small;
}
#endif

using Function = std::uint32_t (*)(std::uint32_t, Bytes);

Function fastest() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return crc32c_sse42;
#endif
  return crc32c_portable;
}

}  // namespace

std::uint32_t crc32c(std::uint32_t crc, Bytes bytes) {
  static const Function function = fastest();
  return function(crc, bytes);
}

std::uint32_t crc32c_portable(std::uint32_t crc, Bytes bytes) {
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  crc = ~crc;
  for (; left >= 8; at += 8, left -= 8) {
    const std::uint32_t low = load_le<std::uint32_t>(at) ^ crc;
    const std::uint32_t high = load_le<std::uint32_t>(at + 4);
    crc = kTables[7][low & 0xff] ^ kTables[6][(low >> 8) & 0xff] ^ kTables[5][(low >> 16) & 0xff] ^
          kTables[4][low >> 24] ^ kTables[3][high & 0xff] ^ kTables[2][(high >> 8) & 0xff] ^
          kTables[1][(high >> 16) & 0xff] ^ kTables[0][high >> 24];
  }
  for (; left > 0; ++at, --left) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ std::to_integer<std::uint32_t>(*at)) & 0xff];
  }
  return ~crc;
}

}  // namespace etcd
