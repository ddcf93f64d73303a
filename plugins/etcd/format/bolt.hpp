// A bbolt file, read without trusting any of its pages.
//
// Nothing here allocates per page or entry. Keys and values that are handed out point into the
// file's bytes when those are in memory, else into the page that was fetched last: until the cursor
// that gave them moves on.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <format/bolt_page.hpp>
#include <format/bolt_walk.hpp>
#include <format/bytes.hpp>
#include <format/file_bytes.hpp>
#include <memory>
#include <optional>
#include <snapcore/error.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace etcd::bolt {

using snapcore::Result;

// Where a bucket's entries are: the tree under page `root`, or, when root is 0, one leaf page image
// within the bucket's own value.
struct Bucket {
  std::uint64_t root = 0;
  std::uint64_t sequence = 0;
  Bytes inline_page;
  // Holds inline_page when it must outlive the page it stood on.
  std::shared_ptr<const std::string> kept = {};
};

// Reads the value of an entry that is a bucket.
Result<Bucket> read_bucket(Bytes value);

// What check() found: the first few in words, how many there are, and the same by kind.
struct Findings {
  static constexpr std::size_t kKept = 20;
  static constexpr std::size_t kPages = 4;
  struct Kind {
    std::string what;
    std::uint64_t count = 0;
    std::vector<std::uint64_t> pages;  // the first few

    // "pages 3, 8: all zeros", "page 65: keys are not in order (13 times)"
    std::string words() const;
  };
  std::vector<std::string> first;
  std::vector<Kind> kinds;  // the last one takes what is beyond kKept
  std::uint64_t count = 0;

  bool clean() const { return count == 0; }
  void add(std::uint64_t page, std::string_view what);
};

class Database {
 public:
  // Chooses the newer valid meta page and checks that the file holds every page it counts; the rest
  // is looked at when it is read. Bytes behind the last page (a digest, preallocated space) are
  // ignored.
  //
  // "etcd.bolt_foreign"       no bbolt file
  // "etcd.bolt_byte_order"    a bbolt file of a machine with the other byte order
  // "etcd.bolt_truncated"     the file ends before its pages do
  // "etcd.bolt_damaged"       bbolt once, but no meta page is whole
  static Result<Database> open(const FileBytes& file);

  const Meta& meta() const { return meta_; }
  bool both_metas_valid() const { return both_metas_valid_; }
  std::uint64_t size() const { return size_; }  // pages in use x page size
  // All of it, when the file is in memory.
  Bytes bytes() const {
    return file_.memory().first(std::min<std::size_t>(size_, file_.memory().size()));
  }
  Bucket root() const {
    return {.root = meta_.root, .sequence = meta_.sequence, .inline_page = {}};
  }

  // The page with its overflow pages, all within the file; else "etcd.bolt_damaged". Its elements
  // are not looked at.
  Result<Page> page(std::uint64_t id) const;
  // The same without words: empty when the page is whole, else what is wrong with it.
  std::string_view read_page(std::uint64_t id, Page& page) const;

  // Tells the processor that the page is wanted soon, and what the first of its elements point to;
  // nothing, where the file is not in memory. A page that is wrong is no matter here.
  void expect_page(std::uint64_t id) const;
  void expect_elements(std::uint64_t id) const;

  // A top-level bucket; nothing when there is none of that name.
  Result<std::optional<Bucket>> find_bucket(std::string_view name) const;

  // Everything bbolt's own check reports, inline buckets included, and besides: keys outside the
  // range their branch promises, gaps or overlaps within a page, flags and sizes bbolt never
  // writes, free pages out of order. Costs one bit of memory per page, two with a freelist in the
  // file.
  Findings check() const;

 private:
  Database(const FileBytes& file, const Meta& meta, bool both)
      : file_(file),
        size_(meta.high_water_mark * meta.page_size),
        meta_(meta),
        both_metas_valid_(both) {}

  FileBytes file_;
  std::uint64_t size_ = 0;
  Meta meta_;
  bool both_metas_valid_ = false;
};

// Goes through a bucket's entries in the order of the tree.
//
//   Cursor cursor(database, bucket);
//   LeafElement entry;
//   while (cursor.next(entry)) ...
//   if (!cursor.finished()) return fail(cursor.error());
//
// Safe on damaged files: a cycle or a tree deeper or larger than the file can hold ends the walk
// with an error. It does not compare keys; check() does.
class Cursor {
 public:
  Cursor(const Database& database, const Bucket& bucket);

  bool next(LeafElement& entry);
  // Pages it has come to so far, those of overflow included.
  std::uint64_t pages() const { return walk_.pages(); }
  bool finished() const { return !walk_.refused(); }
  snapcore::Error error() const { return walk_.error(); }
  // Goes on behind the page that ended it; false when nothing is there.
  bool step_over() { return walk_.step_over(); }

 private:
  void read_elements();
  void look_ahead(const ElementReader& branch) const;

  const Database& database_;
  PageWalk walk_;
  std::array<ElementReader, kMaxDepth> elements_;  // of the pages on the way down
};

}  // namespace etcd::bolt
