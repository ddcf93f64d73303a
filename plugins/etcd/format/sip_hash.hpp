// SipHash-1-3 with 128 bits: a fast hash that nobody who does not know its key can find collisions
// for.
#pragma once

#include <cstdint>
#include <format/bytes.hpp>

namespace etcd {

struct Hash128 {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

class SipHash {
 public:
  SipHash();  // with a random key, so that equal input hashes differently in every process
  SipHash(std::uint64_t key_low, std::uint64_t key_high) : low_(key_low), high_(key_high) {}

  Hash128 operator()(Bytes bytes) const;

 private:
  std::uint64_t low_ = 0;
  std::uint64_t high_ = 0;
};

}  // namespace etcd
