// Page images as bbolt writes them.
#pragma once

#include <cstdint>
#include <format/bolt_page.hpp>
#include <span>
#include <string>

namespace etcd::bolt {

struct NewEntry {
  std::string key;
  std::string value;
  bool is_bucket = false;
};

struct NewChild {
  std::string key;  // no key below the child is smaller
  std::uint64_t page = 0;
};

// At most this many elements fit a page's count; one less than the count that marks a long
// freelist.
inline constexpr std::size_t kMaxElements = 0xFFFE;

// Bytes the page needs before it is padded to whole pages.
std::size_t leaf_size(std::span<const NewEntry> entries);
std::size_t branch_size(std::span<const NewChild> children);

// Keys ascend and are at most kMaxElements. The image is padded to whole pages; page_size 0 makes
// the unpadded image of an inline bucket (then `id` is 0).
std::string build_leaf(std::uint64_t id, std::span<const NewEntry> entries, std::size_t page_size);
std::string build_branch(std::uint64_t id, std::span<const NewChild> children,
                         std::size_t page_size);

// The value of an entry that is a bucket.
std::string bucket_on_page(std::uint64_t root, std::uint64_t sequence);
std::string inline_bucket(std::uint64_t sequence, std::span<const NewEntry> entries);

// bbolt keeps a bucket within its parent only up to a quarter page.
bool fits_inline(std::span<const NewEntry> entries, std::size_t page_size);

}  // namespace etcd::bolt
