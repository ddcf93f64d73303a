#include "format/bolt_build.hpp"

namespace etcd::bolt {
namespace {

void append_header(std::string& out, std::uint64_t id, PageKind kind, std::size_t count,
                   std::size_t size, std::size_t page_size) {
  const std::size_t pages = page_size == 0 ? 1 : (size + page_size - 1) / page_size;
  append_le(out, id);
  append_le(out, static_cast<std::uint16_t>(kind));
  append_le(out, static_cast<std::uint16_t>(count));
  append_le(out, static_cast<std::uint32_t>(pages - 1));
}

void pad(std::string& page, std::size_t page_size) {
  if (page_size == 0) return;
  page.resize((page.size() + page_size - 1) / page_size * page_size);
}

}  // namespace

std::size_t leaf_size(std::span<const NewEntry> entries) {
  std::size_t size = kPageHeaderSize;
  for (const NewEntry& entry : entries)
    size += kElementSize + entry.key.size() + entry.value.size();
  return size;
}

std::size_t branch_size(std::span<const NewChild> children) {
  std::size_t size = kPageHeaderSize;
  for (const NewChild& child : children) size += kElementSize + child.key.size();
  return size;
}

std::string build_leaf(std::uint64_t id, std::span<const NewEntry> entries, std::size_t page_size) {
  std::string page;
  append_header(page, id, PageKind::kLeaf, entries.size(), leaf_size(entries), page_size);
  std::size_t at = kPageHeaderSize + kElementSize * entries.size();
  for (const NewEntry& entry : entries) {
    append_le(page, entry.is_bucket ? kBucketFlag : std::uint32_t{0});
    append_le(page,
              static_cast<std::uint32_t>(at - (page.size() - 4)));  // counted from the element
    append_le(page, static_cast<std::uint32_t>(entry.key.size()));
    append_le(page, static_cast<std::uint32_t>(entry.value.size()));
    at += entry.key.size() + entry.value.size();
  }
  for (const NewEntry& entry : entries) page.append(entry.key).append(entry.value);
  pad(page, page_size);
  return page;
}

std::string build_branch(std::uint64_t id, std::span<const NewChild> children,
                         std::size_t page_size) {
  std::string page;
  append_header(page, id, PageKind::kBranch, children.size(), branch_size(children), page_size);
  std::size_t at = kPageHeaderSize + kElementSize * children.size();
  for (const NewChild& child : children) {
    append_le(page, static_cast<std::uint32_t>(at - page.size()));
    append_le(page, static_cast<std::uint32_t>(child.key.size()));
    append_le(page, child.page);
    at += child.key.size();
  }
  for (const NewChild& child : children) page += child.key;
  pad(page, page_size);
  return page;
}

std::string bucket_on_page(std::uint64_t root, std::uint64_t sequence) {
  std::string value;
  append_le(value, root);
  append_le(value, sequence);
  return value;
}

std::string inline_bucket(std::uint64_t sequence, std::span<const NewEntry> entries) {
  return bucket_on_page(0, sequence) + build_leaf(0, entries, 0);
}

bool fits_inline(std::span<const NewEntry> entries, std::size_t page_size) {
  for (const NewEntry& entry : entries) {
    if (entry.is_bucket) return false;
  }
  return leaf_size(entries) <= page_size / 4;
}

}  // namespace etcd::bolt
