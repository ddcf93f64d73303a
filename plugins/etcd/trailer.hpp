// The SHA-256 behind a snapshot, compared while the bytes pass.
#pragma once

#include <cstdint>
#include <format/bytes.hpp>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/support/digest.hpp>
#include <string>

namespace etcd {

using snapcore::Result;

class TrailerCheck {
 public:
  // With `hashes` false somebody else makes the digest, and finish() is given it.
  explicit TrailerCheck(bool hashes = true) : hashes_(hashes) {}
  void update(Bytes bytes);
  std::uint64_t size() const { return size_; }

  using Digest = snapcore::Sha256::Digest;
  // After the last byte, which makes `of_pages` the digest of all but the last 32. Fails with
  // "etcd.snapshot_hash_mismatch", "etcd.snapshot_empty" and, unless a missing trailer is accepted,
  // "etcd.snapshot_no_trailer". `name` is for messages.
  Result<> finish(const std::string& name, bool accept_no_trailer,
                  const std::optional<Digest>& of_pages = {});

 private:
  bool hashes_;
  snapcore::Sha256 sha_;
  std::string last_;  // the bytes that may be the digest
  std::uint64_t size_ = 0;
};

}  // namespace etcd
