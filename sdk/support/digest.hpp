// Digests on OpenSSL, fed piece by piece.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace snapcore {

using Bytes = std::span<const std::byte>;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string to_hex(Bytes bytes);

// SHA-256 of everything given to update(). finish() may be called once.
class Sha256 {
 public:
  static constexpr std::size_t kSize = 32;
  using Digest = std::array<std::byte, kSize>;

  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(Bytes bytes);
  void update(std::string_view text) { update(as_bytes(text)); }
  // The digest of everything so far; more may follow.
  Digest so_far() const;
  Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string sha256_hex(std::string_view text);
std::array<std::byte, 20> sha1(Bytes bytes);

}  // namespace snapcore
