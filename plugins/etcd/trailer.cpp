#include "trailer.hpp"

#include <algorithm>
#include <format/snapshot.hpp>

namespace etcd {
namespace {

constexpr std::size_t kDigest = snapcore::Sha256::kSize;

snapcore::Error corrupt(std::string code, std::string message, std::string hint) {
  return {.code = std::move(code),
          .message = std::move(message),
          .hint = std::move(hint),
          .category = snapcore::Category::kCorrupt};
}

}  // namespace

void TrailerCheck::update(Bytes bytes) {
  size_ += bytes.size();
  const std::size_t held = last_.size() + bytes.size();
  const std::size_t free = held > kDigest ? held - kDigest : 0;
  const std::size_t of_last = std::min(free, last_.size());
  if (hashes_) sha_.update(std::string_view(last_).substr(0, of_last));
  last_.erase(0, of_last);
  const std::size_t of_bytes = free - of_last;
  if (hashes_) sha_.update(bytes.first(of_bytes));
  last_ += text_of(bytes.subspan(of_bytes));
}

Result<> TrailerCheck::finish(const std::string& name, bool accept_no_trailer,
                              const std::optional<Digest>& of_pages) {
  if (size_ == 0) {
    return snapcore::fail(
        corrupt("etcd.snapshot_empty", name + " is empty", "choose another snapshot"));
  }
  if (!has_trailer(size_)) {
    if (accept_no_trailer && size_ % 512 == 0) return {};
    return snapcore::fail(
        corrupt(size_ % 512 == 0 ? "etcd.snapshot_no_trailer" : "etcd.snapshot_truncated",
                name + ", " + std::to_string(size_) + " bytes, has no SHA-256 behind its pages" +
                    (size_ % 512 == 0 ? ""
                                      : ": " + std::to_string(size_ % 512) +
                                            " bytes are left behind the last 512 instead of 32"),
                "choose another snapshot, or waive the guard hash for a plain copy of a database"));
  }
  const auto digest = hashes_ ? sha_.finish() : of_pages.value_or(Digest{});
  if (text_of(digest) == last_) return {};
  return snapcore::fail(corrupt("etcd.snapshot_hash_mismatch",
                                name + " is damaged: the SHA-256 at its end is " +
                                    snapcore::to_hex(bytes_of(last_)) +
                                    ", and that of its bytes is " + snapcore::to_hex(digest),
                                "choose another snapshot"));
}

}  // namespace etcd
