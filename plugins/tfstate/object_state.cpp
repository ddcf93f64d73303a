#include "object_state.hpp"

#include <openssl/evp.h>

#include <memory>
#include <snapcore/support/digest.hpp>
#include <vector>

namespace tfstate {
namespace {

using snapcore::fail;
using snapcore::Sha256;

constexpr std::size_t kPiece = 256 * 1024;

// The tools compare an MD5 of what they read with the one in their table.
class Md5 {
 public:
  Md5() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    EVP_DigestInit_ex(context_.get(), EVP_md5(), nullptr);
  }
  void update(std::span<const std::byte> bytes) {
    EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }
  std::string finish() {
    std::array<std::byte, EVP_MAX_MD_SIZE> digest = {};
    unsigned int size = 0;
    if (EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()),
                           &size) != 1)
      return {};
    return snapcore::to_hex(std::span(digest).first(size));
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

// The newest version that is one, below the marker of a deletion.
Result<std::optional<State>> state_before(ObjectStore& store, const ObjectPlace& place) {
  const auto versions = store.versions(place.key);
  if (!versions) {
    // A store that keeps none may not know the question.
    if (is_refusal(versions.error(), "unsupported")) return std::optional<State>();
    return fail(versions.error());
  }
  for (const objects::Version& version : *versions) {
    if (version.marker || version.size.value_or(0) == 0) continue;
    const objects::Object object{.key = version.key, .version_id = version.version_id};
    auto read = read_object(store, place.key, object, place.shown());
    if (!read && read.error().category == snapcore::Category::kCorrupt)
      return std::optional<State>();
    if (!read) return fail(read.error());
    return std::optional(std::move(read->state));
  }
  return std::optional<State>();
}

}  // namespace

objects::GetArgs pinned(const std::string& key, const objects::Object& object) {
  return {.key = key, .version_id = object.version_id, .if_match = object.etag};
}

Result<LiveState> read_object(ObjectStore& store, const std::string& key,
                              const objects::Object& object, const std::string& name,
                              const Take& take) {
  auto bytes = store.open(pinned(key, object));
  if (!bytes) return fail(bytes.error());
  LiveState live{.etag = object.etag, .version_id = object.version_id};
  Sha256 hash;
  JsonReader reader([&](std::span<std::byte> into) -> Result<std::size_t> {
    auto got = bytes->read(into);
    if (!got) return got;
    hash.update(into.first(*got));
    live.size += *got;
    if (take) {
      if (auto taken = take(into.first(*got)); !taken) return fail(taken.error());
    }
    return got;
  });
  auto state = read_state(reader, name);
  if (!state) return fail(state.error());
  live.state = std::move(*state);
  live.sha256 = snapcore::to_hex(hash.finish());
  return live;
}

Result<LiveState> read_live_object(ObjectStore& store, const ObjectPlace& place, const Take& take) {
  const auto found = store.look(place.key);
  if (!found) return fail(found.error());
  if (*found) return read_object(store, place.key, **found, place.shown(), take);
  auto before = state_before(store, place);
  if (!before) return fail(before.error());
  return LiveState{.sha256 = snapcore::sha256_hex(""), .deleted = std::move(*before)};
}

Result<ObjectDigests> digests_of_object(ObjectStore& store, const std::string& key,
                                        const objects::Object& object) {
  auto bytes = store.open(pinned(key, object));
  if (!bytes) return fail(bytes.error());
  Sha256 sha256;
  Md5 md5;
  std::vector<std::byte> piece(kPiece);
  for (;;) {
    const auto got = bytes->read(piece);
    if (!got) return fail(got.error());
    if (*got == 0) break;
    sha256.update(std::span(piece).first(*got));
    md5.update(std::span(piece).first(*got));
  }
  return ObjectDigests{.sha256 = snapcore::to_hex(sha256.finish()), .md5 = md5.finish()};
}

}  // namespace tfstate
