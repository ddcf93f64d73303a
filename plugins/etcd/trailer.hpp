// The SHA-256 behind a snapshot, compared while the bytes pass.
#pragma once

#include <cstdint>
#include <format/bytes.hpp>
#include <snapcore/error.hpp>
#include <snapcore/support/digest.hpp>
#include <string>

namespace etcd {

using snapcore::Result;

class TrailerCheck {
 public:
  void update(Bytes bytes);
  std::uint64_t size() const { return size_; }

  // After the last byte. Fails with "etcd.snapshot_hash_mismatch", "etcd.snapshot_empty" and,
  // unless a missing trailer is accepted, "etcd.snapshot_no_trailer". `name` is for messages.
  Result<> finish(const std::string& name, bool accept_no_trailer);

 private:
  snapcore::Sha256 sha_;
  std::string last_;  // the bytes that may be the digest
  std::uint64_t size_ = 0;
};

}  // namespace etcd
