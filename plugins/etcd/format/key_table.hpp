// Remembers keys of any length in at most 32 bytes each.
//
// A key is known by 88 bits of a hash whose key is drawn anew for every table: two among ten
// million are taken for one with a probability of 10^-13, and nobody can make two that are. Beside
// it stand 40 bits for the caller. The table is in parts that grow by themselves, so that growing
// never takes a second copy of the whole.
#pragma once

#include <array>
#include <cstdint>
#include <format/sip_hash.hpp>
#include <vector>

namespace etcd {

class KeyTable {
 public:
  static constexpr std::uint64_t kPayloadMask = (std::uint64_t{1} << 40) - 1;

  class Slot {
   public:
    std::uint64_t payload() const { return check_ & kPayloadMask; }
    void set_payload(std::uint64_t payload) {
      check_ = (check_ & ~kPayloadMask) | (payload & kPayloadMask);
    }

   private:
    friend class KeyTable;
    std::uint64_t hash_ = 0;  // 0: empty
    std::uint64_t check_ = 0;
  };

  struct Found {
    Slot* slot = nullptr;  // until the next find_or_add()
    bool added = false;
  };

  Found find_or_add(Bytes key);
  // Whether the key is new.
  bool add(Bytes key) { return find_or_add(key).added; }

  std::uint64_t size() const { return size_; }
  std::uint64_t memory() const;

 private:
  struct Part {
    std::vector<Slot> slots = {};
    std::size_t used = 0;
  };

  static std::size_t home(const Part& part, std::uint64_t hash) {
    return static_cast<std::size_t>(((hash >> 32) * part.slots.size()) >> 32);
  }
  static void grow(Part& part);

  SipHash hash_;
  std::array<Part, 64> parts_;
  std::uint64_t size_ = 0;
};

}  // namespace etcd
