#include "format/bolt_page.hpp"

namespace etcd::bolt {
namespace {

constexpr std::size_t kChecksumOffset = 56;

std::uint64_t fnv1a(Bytes bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const std::byte byte : bytes) {
    hash = (hash ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3;
  }
  return hash;
}

bool is_page_size(std::uint32_t size) {
  return size >= kMinPageSize && size <= kMaxPageSize && std::has_single_bit(size);
}

}  // namespace

MetaState read_meta(Bytes bytes, Meta& meta) {
  if (bytes.size() < kMetaSize) return MetaState::kForeign;
  const std::byte* at = bytes.data();
  const auto magic = load_le<std::uint32_t>(at);
  if (magic == byte_swapped(kMagic)) return MetaState::kByteSwapped;
  if (magic != kMagic) return MetaState::kForeign;
  const auto checksum = load_le<std::uint64_t>(at + kChecksumOffset);
  if (checksum != fnv1a(bytes.first(kChecksumOffset))) return MetaState::kDamaged;
  if (load_le<std::uint32_t>(at + 4) != kVersion) return MetaState::kDamaged;
  meta = {.page_size = load_le<std::uint32_t>(at + 8),
          .flags = load_le<std::uint32_t>(at + 12),
          .root = load_le<std::uint64_t>(at + 16),
          .sequence = load_le<std::uint64_t>(at + 24),
          .freelist = load_le<std::uint64_t>(at + 32),
          .high_water_mark = load_le<std::uint64_t>(at + 40),
          .transaction = load_le<std::uint64_t>(at + 48)};
  return is_page_size(meta.page_size) ? MetaState::kValid : MetaState::kDamaged;
}

std::string write_meta_page(std::uint64_t id, const Meta& meta) {
  std::string page;
  append_le(page, id);
  append_le(page, static_cast<std::uint16_t>(PageKind::kMeta));
  page.append(6, '\0');  // count, overflow
  append_le(page, kMagic);
  append_le(page, kVersion);
  append_le(page, meta.page_size);
  append_le(page, meta.flags);
  append_le(page, meta.root);
  append_le(page, meta.sequence);
  append_le(page, meta.freelist);
  append_le(page, meta.high_water_mark);
  append_le(page, meta.transaction);
  append_le(page, fnv1a(bytes_of(page).subspan(kPageHeaderSize)));
  page.resize(meta.page_size);
  return page;
}

Page read_page_header(Bytes bytes) {
  const std::byte* at = bytes.data();
  return {.id = load_le<std::uint64_t>(at),
          .kind = load_le<std::uint16_t>(at + 8),
          .count = load_le<std::uint16_t>(at + 10),
          .overflow = load_le<std::uint32_t>(at + 12),
          .bytes = {},
          .room = {}};
}

ElementReader::ElementReader(const Page& page)
    : bytes_(page.bytes),
      count_(page.count),
      at_(kPageHeaderSize + kElementSize * page.count),
      is_leaf_(page.is(PageKind::kLeaf)) {
  if (at_ > bytes_.size()) refuse("its element table passes its end");
}

bool ElementReader::refuse(std::string_view problem) {
  problem_ = problem;
  count_ = index_;
  return false;
}

// The next `length` bytes of the packed keys and values.
bool ElementReader::take(std::size_t length, Bytes& into) {
  if (length > bytes_.size() - at_) return refuse("an element passes its end");
  into = bytes_.subspan(at_, length);
  at_ += length;
  return true;
}

bool ElementReader::next(LeafElement& element) {
  if (index_ >= count_) return false;
  const std::size_t offset = kPageHeaderSize + kElementSize * index_;
  const std::byte* at = bytes_.data() + offset;
  const auto flags = load_le<std::uint32_t>(at);
  const std::size_t position = load_le<std::uint32_t>(at + 4);
  const std::size_t key_size = load_le<std::uint32_t>(at + 8);
  const std::size_t value_size = load_le<std::uint32_t>(at + 12);
  if (offset + position != at_)
    return refuse("an element does not begin where the one before ends");
  if (key_size == 0 || key_size > kMaxKeySize) return refuse("a key of impossible length");
  if ((flags & ~kBucketFlag) != 0) return refuse("an element with unknown flags");
  if (!take(key_size, element.key) || !take(value_size, element.value)) return false;
  element.is_bucket = flags == kBucketFlag;
  ++index_;
  return true;
}

bool ElementReader::next(BranchElement& element) {
  if (index_ >= count_) return false;
  const std::size_t offset = kPageHeaderSize + kElementSize * index_;
  const std::byte* at = bytes_.data() + offset;
  const std::size_t position = load_le<std::uint32_t>(at);
  const std::size_t key_size = load_le<std::uint32_t>(at + 4);
  if (offset + position != at_)
    return refuse("an element does not begin where the one before ends");
  if (key_size == 0 || key_size > kMaxKeySize) return refuse("a key of impossible length");
  if (!take(key_size, element.key)) return false;
  element.child = load_le<std::uint64_t>(at + 8);
  ++index_;
  return true;
}

std::uint64_t ElementReader::child_ahead(std::size_t further) const {
  if (is_leaf_ || further >= count_ - index_) return 0;
  return load_le<std::uint64_t>(bytes_.data() + kPageHeaderSize +
                                kElementSize * (index_ + further) + 8);
}

Bytes ElementReader::first_key() {
  if (is_leaf_) {
    LeafElement element;
    return next(element) ? element.key : Bytes();
  }
  BranchElement element;
  return next(element) ? element.key : Bytes();
}

}  // namespace etcd::bolt
