#include "format/bolt_rewrite.hpp"

#include <algorithm>
#include <format/file.hpp>

namespace etcd::bolt {
namespace {

using snapcore::fail;
namespace files = snapcore::files;

snapcore::Error damaged(std::string message) {
  return {.code = "etcd.bolt_damaged",
          .message = std::move(message),
          .category = snapcore::Category::kCorrupt};
}

std::vector<NewChild> children_of(const Page& page) {
  std::vector<NewChild> children;
  ElementReader elements(page);
  for (BranchElement element; elements.next(element);) {
    children.push_back({std::string(text_of(element.key)), element.child});
  }
  return children;
}

// The first key below a page, which its parent may use as the page's own.
std::string first_key(const Page& page) {
  ElementReader elements(page);
  if (page.is(PageKind::kLeaf)) {
    LeafElement element;
    return elements.next(element) ? std::string(text_of(element.key)) : std::string();
  }
  BranchElement element;
  return elements.next(element) ? std::string(text_of(element.key)) : std::string();
}

}  // namespace

Result<Rewrite> Rewrite::begin(const Database& database) {
  Rewrite rewrite(database);
  Cursor cursor(database, database.root());
  for (LeafElement entry; cursor.next(entry);) {
    if (!entry.is_bucket) return fail(damaged("a plain value among the buckets"));
    rewrite.root_.emplace(text_of(entry.key), text_of(entry.value));
  }
  if (!cursor.finished()) return fail(cursor.error());
  return rewrite;
}

std::uint64_t Rewrite::next_page() const {
  return database_->meta().high_water_mark + pages_.size() / database_->meta().page_size;
}

std::uint64_t Rewrite::add_page(std::string_view image) {
  const std::uint64_t id = next_page();
  pages_ += image;
  return id;
}

std::uint64_t Rewrite::add_leaf(std::span<const NewEntry> entries) {
  return add_page(build_leaf(next_page(), entries, database_->meta().page_size));
}

std::uint64_t Rewrite::add_branch(std::span<const NewChild> children) {
  return add_page(build_branch(next_page(), children, database_->meta().page_size));
}

Result<std::vector<NewEntry>> Rewrite::entries(std::string_view name) const {
  std::vector<NewEntry> entries;
  const auto found = root_.find(std::string(name));
  if (found == root_.end()) return entries;
  const auto bucket = read_bucket(bytes_of(found->second));
  if (!bucket) return fail(bucket.error());
  if (bucket->root >= database_->meta().high_water_mark) {
    return fail({.code = "etcd.internal",
                 .message = "bucket '" + std::string(name) + "' was already rewritten to a page",
                 .category = snapcore::Category::kInternal});
  }
  Cursor cursor(*database_, *bucket);
  for (LeafElement entry; cursor.next(entry);) {
    entries.push_back(
        {std::string(text_of(entry.key)), std::string(text_of(entry.value)), entry.is_bucket});
  }
  if (!cursor.finished()) return fail(cursor.error());
  return entries;
}

Result<> Rewrite::replace_bucket(std::string_view name, std::vector<NewEntry> entries) {
  if (entries.size() > kMaxElements) {
    return fail({.code = "etcd.bucket_too_large",
                 .message = "bucket '" + std::string(name) + "' has " +
                            std::to_string(entries.size()) + " entries, too many to rewrite"});
  }
  std::sort(entries.begin(), entries.end(),
            [](const NewEntry& a, const NewEntry& b) { return a.key < b.key; });
  std::uint64_t sequence = 0;
  if (const auto found = root_.find(std::string(name)); found != root_.end()) {
    const auto bucket = read_bucket(bytes_of(found->second));
    if (!bucket) return fail(bucket.error());
    sequence = bucket->sequence;
  }
  root_[std::string(name)] = fits_inline(entries, database_->meta().page_size)
                                 ? inline_bucket(sequence, entries)
                                 : bucket_on_page(add_leaf(entries), sequence);
  return {};
}

Result<> Rewrite::append_entry(std::string_view name, const NewEntry& entry) {
  const auto found = root_.find(std::string(name));
  if (found == root_.end()) return fail(damaged("no bucket '" + std::string(name) + "'"));
  const auto bucket = read_bucket(bytes_of(found->second));
  if (!bucket) return fail(bucket.error());
  if (bucket->root == 0) {
    auto all = entries(name);
    if (!all) return fail(all.error());
    all->push_back(entry);
    return replace_bucket(name, std::move(*all));
  }
  const auto root = append_to_tree(bucket->root, entry);
  if (!root) return fail(root.error());
  found->second = bucket_on_page(*root, bucket->sequence);
  return {};
}

// The entry gets a leaf of its own, so that a last leaf full of large values is not copied; the
// branch pages on the right edge are copied with the new child. A branch that would no longer fit
// its page is split: its last child and the new one move to a page of their own.
Result<std::uint64_t> Rewrite::append_to_tree(std::uint64_t root, const NewEntry& entry) {
  std::vector<std::vector<NewChild>> branches;  // from the root down
  auto page = database_->page(root);
  while (page && page->is(PageKind::kBranch) && branches.size() < 64) {
    branches.push_back(children_of(*page));
    if (branches.back().empty()) return fail(damaged("a branch without children"));
    page = database_->page(branches.back().back().page);
  }
  if (!page) return fail(page.error());
  if (!page->is(PageKind::kLeaf)) return fail(damaged("the last leaf cannot be reached"));

  const std::uint64_t leaf = add_leaf(std::span(&entry, 1));
  if (branches.empty()) {
    if (page->count == 0) return leaf;
    return add_branch(std::vector<NewChild>{{first_key(*page), root}, {entry.key, leaf}});
  }
  std::optional<NewChild> sibling = NewChild{entry.key, leaf};
  std::uint64_t below = 0;  // the new copy of the branch one level down
  NewChild top;
  for (auto level = branches.rbegin(); level != branches.rend(); ++level) {
    std::vector<NewChild>& children = *level;
    if (below != 0) children.back().page = below;
    std::optional<NewChild> split;
    if (sibling) {
      children.push_back(*sibling);
      const bool fits =
          branch_size(children) <= database_->meta().page_size && children.size() <= kMaxElements;
      if (!fits && children.size() > 3) {
        const auto right = std::span(children).last(2);
        split = NewChild{right.front().key, add_branch(right)};
        children.resize(children.size() - 2);
      }
    }
    below = add_branch(children);
    top = {children.front().key, below};
    sibling = split;
  }
  if (!sibling) return below;
  return add_branch(std::vector<NewChild>{top, *sibling});
}

Result<std::uint64_t> Rewrite::commit(const UniqueFd& fd, const std::filesystem::path& path) {
  std::vector<NewEntry> buckets;
  for (const auto& [name, value] : root_) buckets.push_back({name, value, true});
  if (buckets.size() > kMaxElements) return fail(damaged("too many buckets to rewrite"));

  Meta meta = database_->meta();
  const std::uint64_t end = database_->size();
  meta.root = add_leaf(buckets);
  meta.freelist = kNoFreelist;
  meta.high_water_mark = next_page();
  meta.transaction += 1;
  if (auto done = files::write_all_at(fd, end, bytes_of(pages_), path); !done)
    return fail(done.error());
  const std::uint64_t size = meta.high_water_mark * meta.page_size;
  if (auto done = set_size(fd, size, path); !done) return fail(done.error());
  if (auto done = files::fsync_file(fd, path); !done) return fail(done.error());

  // The page bbolt would write for this transaction number first, then the other with the same
  // contents, so that no meta page leads back to the old tree.
  const std::uint64_t newer = meta.transaction % 2;
  for (const std::uint64_t id : {newer, 1 - newer}) {
    const std::string image = write_meta_page(id, meta);
    if (auto done = files::write_all_at(fd, id * meta.page_size, bytes_of(image), path); !done) {
      return fail(done.error());
    }
    meta.transaction -= 1;
  }
  if (auto done = files::fsync_file(fd, path); !done) return fail(done.error());
  return size;
}

}  // namespace etcd::bolt
