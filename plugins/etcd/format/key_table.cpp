#include "format/key_table.hpp"

#include <utility>

namespace etcd {
namespace {

constexpr std::size_t kFirstSlots = 8;

}  // namespace

void KeyTable::grow(Part& part) {
  const std::vector<Slot> old = std::exchange(
      part.slots, std::vector<Slot>(part.slots.empty() ? kFirstSlots : part.slots.size() * 3 / 2));
  for (const Slot& slot : old) {
    if (slot.hash_ == 0) continue;
    std::size_t at = home(part, slot.hash_);
    while (part.slots[at].hash_ != 0) at = at + 1 == part.slots.size() ? 0 : at + 1;
    part.slots[at] = slot;
  }
}

KeyTable::Found KeyTable::find_or_add(Bytes key) {
  const Hash128 hash = hash_(key);
  const std::uint64_t wanted = hash.low == 0 ? 1 : hash.low;
  const std::uint64_t check = hash.high & ~kPayloadMask;
  Part& part = parts_[hash.high % parts_.size()];
  // At most 7 of 8 slots are taken: 28 bytes a key after growing, 18 before.
  if (part.used * 8 >= part.slots.size() * 7) grow(part);
  for (std::size_t at = home(part, wanted);; at = at + 1 == part.slots.size() ? 0 : at + 1) {
    Slot& slot = part.slots[at];
    if (slot.hash_ == wanted && (slot.check_ & ~kPayloadMask) == check) return {&slot, false};
    if (slot.hash_ != 0) continue;
    slot.hash_ = wanted;
    slot.check_ = check;
    ++part.used;
    ++size_;
    return {&slot, true};
  }
}

std::uint64_t KeyTable::memory() const {
  std::uint64_t bytes = 0;
  for (const Part& part : parts_) bytes += part.slots.size() * sizeof(Slot);
  return bytes;
}

}  // namespace etcd
