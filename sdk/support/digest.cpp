#include "digest.hpp"

#include <openssl/evp.h>

#include <new>

namespace snapcore {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MD_CTX, FreeContext>;

struct FreeAlgorithm {
  void operator()(EVP_MD* algorithm) const { EVP_MD_free(algorithm); }
};

// Looked up once: EVP_sha256() is looked up anew by every digest that begins with it.
const EVP_MD* algorithm_sha256() {
  static const std::unique_ptr<EVP_MD, FreeAlgorithm> kFound(
      EVP_MD_fetch(nullptr, "SHA2-256", nullptr));
  return kFound ? kFound.get() : EVP_sha256();
}

Context start(const EVP_MD* algorithm) {
  Context context(EVP_MD_CTX_new());
  // OpenSSL fails here only for want of memory.
  if (!context || EVP_DigestInit_ex(context.get(), algorithm, nullptr) != 1) throw std::bad_alloc();
  return context;
}

template <std::size_t Size>
std::array<std::byte, Size> finish(EVP_MD_CTX* context) {
  std::array<std::byte, Size> digest{};
  EVP_DigestFinal_ex(context, reinterpret_cast<unsigned char*>(digest.data()), nullptr);
  return digest;
}

}  // namespace

std::string to_hex(Bytes bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(bytes.size() * 2, '\0');
  char* digit = text.data();
  for (const std::byte byte : bytes) {
    *digit++ = kDigits[std::to_integer<unsigned>(byte) >> 4];
    *digit++ = kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

struct Sha256::State {
  Context context;
};

Sha256::Sha256() : state_(std::make_unique<State>(State{start(algorithm_sha256())})) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(Bytes bytes) {
  EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size());
}

Sha256::Digest Sha256::so_far() const {
  const Context copy(EVP_MD_CTX_new());
  if (!copy || EVP_MD_CTX_copy_ex(copy.get(), state_->context.get()) != 1) throw std::bad_alloc();
  return snapcore::finish<kSize>(copy.get());
}

Sha256::Digest Sha256::finish() { return snapcore::finish<kSize>(state_->context.get()); }

std::string sha256_hex(std::string_view text) {
  Sha256 hash;
  hash.update(text);
  return to_hex(hash.finish());
}

std::array<std::byte, 20> sha1(Bytes bytes) {
  const Context context = start(EVP_sha1());
  EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
  return finish<20>(context.get());
}

}  // namespace snapcore
