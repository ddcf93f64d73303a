#include "format/sip_hash.hpp"

#include <bit>
#include <random>

namespace etcd {
namespace {

struct State {
  std::uint64_t a, b, c, d;

  void round() {
    a += b;
    b = std::rotl(b, 13) ^ a;
    a = std::rotl(a, 32);
    c += d;
    d = std::rotl(d, 16) ^ c;
    a += d;
    d = std::rotl(d, 21) ^ a;
    c += b;
    b = std::rotl(b, 17) ^ c;
    c = std::rotl(c, 32);
  }
  void take(std::uint64_t word) {
    d ^= word;
    round();
    a ^= word;
  }
  std::uint64_t finish() {
    for (int i = 0; i < 3; ++i) round();
    return a ^ b ^ c ^ d;
  }
};

std::uint64_t random_word() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

}  // namespace

SipHash::SipHash() : low_(random_word()), high_(random_word()) {}

Hash128 SipHash::operator()(Bytes bytes) const {
  State state{.a = low_ ^ 0x736f6d6570736575,
              .b = high_ ^ 0x646f72616e646f6d ^ 0xee,  // 0xee: 128 bits are wanted
              .c = low_ ^ 0x6c7967656e657261,
              .d = high_ ^ 0x7465646279746573};
  std::uint64_t last = std::uint64_t{bytes.size()} << 56;
  for (; bytes.size() >= 8; bytes = bytes.subspan(8)) {
    state.take(load_le<std::uint64_t>(bytes.data()));
  }
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    last |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
  }
  state.take(last);
  state.c ^= 0xee;
  Hash128 hash{.low = state.finish(), .high = 0};
  state.b ^= 0xdd;
  hash.high = state.finish();
  return hash;
}

}  // namespace etcd
