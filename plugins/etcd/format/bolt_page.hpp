// The pages of a bbolt file, looked at without trusting them.
//
// A page is 16 bytes of header (id, kind, element count, overflow), a table of 16-byte elements,
// and the keys and values the elements point to, packed without a gap in the order of the table.
// Every reader here demands that packing: it is what bbolt writes, it leaves no field that could be
// wrong unseen, and since no two elements can share bytes, the work a file can cause is bounded by
// its size.
#pragma once

#include <cstdint>
#include <format/bytes.hpp>
#include <format/file_bytes.hpp>
#include <string>
#include <string_view>

namespace etcd::bolt {

inline constexpr std::size_t kPageHeaderSize = 16;
inline constexpr std::size_t kElementSize = 16;
inline constexpr std::size_t kBucketHeaderSize = 16;
inline constexpr std::size_t kMetaSize = 64;
inline constexpr std::size_t kMaxKeySize = 32768;
inline constexpr std::uint32_t kMagic = 0xED0CDAED;
inline constexpr std::uint32_t kVersion = 2;
inline constexpr std::uint32_t kBucketFlag = 0x01;
inline constexpr std::uint64_t kNoFreelist = ~std::uint64_t{0};
inline constexpr std::size_t kMinPageSize = 512;
inline constexpr std::size_t kMaxPageSize = std::size_t{1024} << 14;
inline constexpr int kMaxDepth = 64;  // of pages below each other; no tree of bbolt comes near
inline constexpr std::string_view kTooDeep = "the tree is deeper than any bbolt makes";
inline constexpr std::string_view kNothingInIt = "a page without entries";
inline constexpr std::string_view kNoOrder = "keys are not in order";
inline constexpr std::string_view kOtherFirstKey =
    "begins with another key than the branch above it names";

enum class PageKind : std::uint16_t {
  kBranch = 0x01,
  kLeaf = 0x02,
  kMeta = 0x04,
  kFreelist = 0x10
};

struct Meta {
  std::uint32_t page_size = 0;
  std::uint32_t flags = 0;
  std::uint64_t root = 0;
  std::uint64_t sequence = 0;
  std::uint64_t freelist = kNoFreelist;
  std::uint64_t high_water_mark = 0;  // pages in use by the file, free ones included
  std::uint64_t transaction = 0;
};

enum class MetaState : std::uint8_t { kValid, kForeign, kByteSwapped, kDamaged };

// Reads the 64 bytes behind a meta page's header; `meta` is filled when the answer is kValid.
MetaState read_meta(Bytes bytes, Meta& meta);
// A whole meta page of meta.page_size bytes.
std::string write_meta_page(std::uint64_t id, const Meta& meta);

struct Page {
  std::uint64_t id = 0;
  std::uint16_t kind = 0;  // as read: may be none of PageKind
  std::uint16_t count = 0;
  std::uint32_t overflow = 0;
  Bytes bytes;  // header and overflow pages included
  Room room;    // holds them when the file is not in memory

  bool is(PageKind wanted) const { return kind == static_cast<std::uint16_t>(wanted); }
};

// The header alone; `bytes` holds at least that.
Page read_page_header(Bytes bytes);

struct LeafElement {
  Bytes key;
  Bytes value;
  bool is_bucket = false;
};

struct BranchElement {
  Bytes key;
  std::uint64_t child = 0;
};

// Goes through the elements of a leaf or branch page in order.
//
// next() ends behind the last element or at the first one that is wrong; problem() tells which.
class ElementReader {
 public:
  ElementReader() = default;
  explicit ElementReader(const Page& page);

  bool next(LeafElement& element);
  bool next(BranchElement& element);
  // That of the first element, whichever the page's kind; empty when it is wrong. Instead of
  // next().
  Bytes first_key();

  // Of a branch: the child that comes `further` behind the next one; 0 when none does. Its element
  // is looked at by whoever reaches it.
  std::uint64_t child_ahead(std::size_t further) const;

  std::string_view problem() const { return problem_; }  // empty: none
  std::size_t index() const { return index_; }           // elements read so far
  std::size_t bytes_used() const { return at_; }         // of the page, up to here

 private:
  bool take(std::size_t length, Bytes& into);
  bool refuse(std::string_view problem);

  Bytes bytes_;
  std::size_t count_ = 0;
  std::size_t index_ = 0;
  std::size_t at_ = 0;
  bool is_leaf_ = false;
  std::string_view problem_;
};

}  // namespace etcd::bolt
