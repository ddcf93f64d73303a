#include "format/bolt.hpp"

namespace etcd::bolt {
namespace {

using snapcore::Category;
using snapcore::fail;

constexpr std::size_t kAhead = 8;          // pages
constexpr std::size_t kElementsAhead = 4;  // of more, the neighbours come along

snapcore::Error damaged(std::string message) {
  return {
      .code = "etcd.bolt_damaged", .message = std::move(message), .category = Category::kCorrupt};
}

MetaState look_at_meta(const FileBytes& file, std::size_t page_offset, Meta& meta) {
  constexpr std::size_t kWanted = kPageHeaderSize + kMetaSize;
  if (file.size() < kWanted || page_offset > file.size() - kWanted) return MetaState::kForeign;
  Room room;
  Bytes bytes;
  if (!file.fetch(page_offset, kWanted, room, bytes).empty()) return MetaState::kForeign;
  return read_meta(bytes.subspan(kPageHeaderSize), meta);
}

bool is_zero(Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

struct Metas {
  std::optional<Meta> chosen;
  bool both = false;
  bool magic_seen = false;
  bool swapped = false;
};

// Page 0 holds one meta, page 1 the other. When page 0 is unreadable the page size is not known,
// and page 1 is looked for at every size bbolt uses.
Metas find_metas(const FileBytes& file) {
  Metas found;
  const auto look = [&](std::size_t offset) -> std::optional<Meta> {
    Meta meta;
    const MetaState state = look_at_meta(file, offset, meta);
    found.swapped |= state == MetaState::kByteSwapped;
    found.magic_seen |= state == MetaState::kValid || state == MetaState::kDamaged;
    if (state != MetaState::kValid || (offset != 0 && meta.page_size != offset))
      return std::nullopt;
    return meta;
  };
  const auto first = look(0);
  std::optional<Meta> second;
  if (first) {
    second = look(first->page_size);
  } else {
    for (std::size_t size = kMinPageSize; size <= kMaxPageSize && !second; size *= 2) {
      second = look(size);
    }
  }
  found.both = first && second;
  found.chosen = found.both && second->transaction > first->transaction ? second : first;
  if (!found.chosen) found.chosen = second;
  return found;
}

}  // namespace

Result<Bucket> read_bucket(Bytes value) {
  if (value.size() < kBucketHeaderSize) return fail(damaged("a bucket shorter than its header"));
  Bucket bucket{.root = load_le<std::uint64_t>(value.data()),
                .sequence = load_le<std::uint64_t>(value.data() + 8),
                .inline_page = value.subspan(kBucketHeaderSize)};
  if (bucket.root != 0) {
    if (!bucket.inline_page.empty()) {
      return fail(
          damaged("a bucket that is both inline and on page " + std::to_string(bucket.root)));
    }
    return bucket;
  }
  if (bucket.inline_page.size() < kPageHeaderSize) {
    return fail(damaged("an inline bucket shorter than a page header"));
  }
  const Page page = read_page_header(bucket.inline_page);
  if (page.id != 0 || page.overflow != 0 || !page.is(PageKind::kLeaf)) {
    return fail(damaged("an inline bucket that does not hold a leaf page"));
  }
  return bucket;
}

Result<Database> Database::open(const FileBytes& file) {
  const Metas metas = find_metas(file);
  if (!metas.chosen) {
    if (metas.swapped) {
      return fail({.code = "etcd.bolt_byte_order",
                   .message = "the database was written by a machine with the other byte order "
                              "(big endian)",
                   .hint = "restore it on a machine of the kind that wrote it",
                   .category = Category::kPrecondition});
    }
    if (metas.magic_seen) return fail(damaged("no meta page is whole"));
    return fail({.code = "etcd.bolt_foreign",
                 .message = "the file holds no bbolt database",
                 .category = Category::kPrecondition});
  }
  const Meta& meta = *metas.chosen;
  if (meta.high_water_mark < 3 || meta.root < 2 || meta.root >= meta.high_water_mark) {
    return fail(damaged("the meta page names root page " + std::to_string(meta.root) + " of " +
                        std::to_string(meta.high_water_mark) + " pages"));
  }
  if (meta.high_water_mark > file.size() / meta.page_size) {
    return fail({.code = "etcd.bolt_truncated",
                 .message = "the database has " + std::to_string(meta.high_water_mark) +
                            " pages of " + std::to_string(meta.page_size) +
                            " bytes, the file holds only " +
                            std::to_string(file.size() / meta.page_size) + " of them (" +
                            std::to_string(file.size()) + " bytes)",
                 .category = Category::kCorrupt});
  }
  return Database(file, meta, metas.both);
}

std::string_view Database::read_page(std::uint64_t id, Page& page) const {
  if (id < 2 || id >= meta_.high_water_mark) return "out of bounds";
  const std::uint64_t offset = id * meta_.page_size;
  Room room = std::move(page.room);
  Bytes bytes;
  auto problem = file_.fetch(offset, meta_.page_size, room, bytes);
  if (problem.empty()) {
    page = read_page_header(bytes);
    page.bytes = bytes;
    if (page.id != id) {
      problem = is_zero(bytes) ? "all zeros" : "carries another page's number";
    } else if (page.overflow >= meta_.high_water_mark - id) {
      problem = "its overflow passes the end of the file";
    } else if (page.overflow > 0) {
      const std::size_t length = (std::size_t{page.overflow} + 1) * meta_.page_size;
      problem = file_.fetch(offset, length, room, page.bytes);
    }
  }
  page.room = std::move(room);
  return problem;
}

Result<Page> Database::page(std::uint64_t id) const {
  Page page;
  const auto problem = read_page(id, page);
  if (problem.empty()) return page;
  return fail(damaged("page " + std::to_string(id) + ": " + std::string(problem)));
}

void Database::expect_page(std::uint64_t id) const {
  if (id < meta_.high_water_mark && id * meta_.page_size < file_.memory().size())
    __builtin_prefetch(file_.memory().data() + id * meta_.page_size);
}

void Database::expect_elements(std::uint64_t id) const {
  if (id >= meta_.high_water_mark || size_ > file_.memory().size()) return;
  const Bytes bytes = file_.memory().first(size_).subspan(id * meta_.page_size);
  const Page page = read_page_header(bytes);
  if (!page.is(PageKind::kLeaf)) return;
  for (std::size_t i = 0; i < std::min<std::size_t>(page.count, kElementsAhead); ++i) {
    const std::size_t offset = kPageHeaderSize + kElementSize * i;
    const std::byte* at = bytes.data() + offset;
    const std::uint64_t begin = offset + load_le<std::uint32_t>(at + 4);
    const std::uint64_t end =
        begin + load_le<std::uint32_t>(at + 8) + load_le<std::uint32_t>(at + 12);
    if (end > bytes.size()) return;
    __builtin_prefetch(bytes.data() + begin);
    __builtin_prefetch(bytes.data() + std::min<std::uint64_t>(begin + 64, end - 1));
    __builtin_prefetch(bytes.data() + end - 1);
  }
}

Result<std::optional<Bucket>> Database::find_bucket(std::string_view name) const {
  Cursor cursor(*this, root());
  for (LeafElement entry; cursor.next(entry);) {
    if (!entry.is_bucket) return fail(damaged("an entry that is no bucket"));
    if (text_of(entry.key) != name) continue;
    auto bucket = read_bucket(entry.value);
    if (!bucket) return fail(bucket.error());
    if (file_.memory().empty() && !bucket->inline_page.empty()) {
      bucket->kept = std::make_shared<const std::string>(text_of(bucket->inline_page));
      bucket->inline_page = bytes_of(*bucket->kept);
    }
    return *bucket;
  }
  if (!cursor.finished()) return fail(cursor.error());
  return std::nullopt;
}

Cursor::Cursor(const Database& database, const Bucket& bucket)
    : database_(database), walk_(database) {
  if (walk_.begin(bucket)) read_elements();
}

// Pages that follow each other in a tree are anywhere in the file: each would be waited for.
void Cursor::look_ahead(const ElementReader& branch) const {
  if (const auto child = branch.child_ahead(2 * kAhead); child != 0) database_.expect_page(child);
  if (const auto child = branch.child_ahead(kAhead); child != 0) database_.expect_elements(child);
}

void Cursor::read_elements() { elements_[walk_.level()] = ElementReader(walk_.page()); }

bool Cursor::next(LeafElement& entry) {
  while (walk_.under_way()) {
    ElementReader& elements = elements_[walk_.level()];
    if (walk_.page().is(PageKind::kLeaf)) {
      if (elements.next(entry)) return true;
    } else {
      BranchElement branch;
      if (elements.next(branch)) {
        look_ahead(elements);
        if (walk_.enter(branch.child)) read_elements();
        continue;
      }
    }
    if (!elements.problem().empty()) {
      walk_.refuse(elements.problem());
      return false;
    }
    walk_.leave();
  }
  return false;
}

}  // namespace etcd::bolt
