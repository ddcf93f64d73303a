// CRC-32C (Castagnoli), with the processor's own instruction where there is one.
#pragma once

#include <cstdint>
#include <format/bytes.hpp>

namespace etcd {

// The checksum of everything summed into `crc` so far followed by `bytes`; start with 0.
std::uint32_t crc32c(std::uint32_t crc, Bytes bytes);

// The same without the instruction; the tests hold the two against each other.
std::uint32_t crc32c_portable(std::uint32_t crc, Bytes bytes);

}  // namespace etcd
