// The structural check: every page below the high-water mark is reached exactly once or free, and
// every tree is ordered. One walk, depth first; a page seen before is reported and not entered
// again, so cycles end and the cost is bounded by the size of the file.
#include <algorithm>
#include <compare>

#include "format/bolt.hpp"

namespace etcd::bolt {
namespace {

class PageSet {
 public:
  explicit PageSet(std::uint64_t pages) : words_(pages / 64 + 1) {}
  bool has(std::uint64_t id) const { return ((words_[id / 64] >> (id % 64)) & 1) != 0; }
  // False when it was in already.
  bool add(std::uint64_t id) {
    if (has(id)) return false;
    words_[id / 64] |= std::uint64_t{1} << (id % 64);
    return true;
  }

 private:
  std::vector<std::uint64_t> words_;
};

// What a branch promises of the keys below one of its elements: lower <= key < upper.
struct Range {
  std::optional<Bytes> lower;
  std::optional<Bytes> upper;
};

// What holds for all pages of one bucket's tree.
struct Tree {
  bool is_root = false;  // holds the top-level buckets
  int leaf_depth = -1;   // bbolt keeps all leaves at one depth; -1: none seen yet
};

class Checker {
 public:
  explicit Checker(const Database& database)
      : database_(database),
        pages_(database.meta().high_water_mark),
        persisted_(database.meta().freelist != kNoFreelist),
        reached_(pages_),
        freed_(persisted_ ? pages_ : 0) {}

  Findings run() {
    reached_.add(0);
    reached_.add(1);
    if (persisted_) check_freelist(database_.meta().freelist);
    Tree root{.is_root = true, .leaf_depth = -1};
    check_page(database_.meta().root, {}, 0, root);
    if (persisted_) {
      for (std::uint64_t id = 0; id < pages_; ++id) {
        if (!reached_.has(id) && !freed_.has(id)) report(id, "unreachable unfreed");
      }
    }
    return std::move(findings_);
  }

 private:
  void report(std::uint64_t id, std::string_view what) { findings_.add(id, what); }

  // Marks the page and its overflow pages; false when any was reached before.
  bool reach(const Page& page) {
    for (std::uint64_t id = page.id; id <= page.id + page.overflow; ++id) {
      if (!reached_.add(id)) {
        report(id, "multiple references");
        return false;
      }
      if (persisted_ && freed_.has(id)) report(id, "reachable freed");
    }
    return true;
  }

  void check_freelist(std::uint64_t id) {
    Page page;
    const auto problem = database_.read_page(id, page);
    if (!problem.empty()) return report(id, problem);
    if (!page.is(PageKind::kFreelist)) return report(id, "invalid freelist page");
    if (!reach(page)) return;
    Bytes ids = page.bytes.subspan(kPageHeaderSize);
    std::uint64_t count = page.count;
    if (count == 0xFFFF) {  // the real count did not fit the header
      count = load_le<std::uint64_t>(ids.data());
      ids = ids.subspan(8);
    }
    if (count > ids.size() / 8) return report(id, "its free page list passes its end");
    std::uint64_t before = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto free_id = load_le<std::uint64_t>(ids.data() + 8 * i);
      if (free_id < 2 || free_id >= pages_) {
        report(free_id, "free page out of bounds");
      } else if (!freed_.add(free_id)) {
        report(free_id, "already freed");
      } else if (free_id < before) {
        report(free_id, "free pages out of order");
      } else if (reached_.has(free_id)) {
        report(free_id, "reachable freed");
      }
      before = free_id;
    }
  }

  // `depth` counts the pages of the holding bucket too.
  void check_page(std::uint64_t id, const Range& range, int depth, Tree& tree) {
    if (depth == kMaxDepth) return report(id, kTooDeep);
    Page page;
    const auto problem = database_.read_page(id, page);
    if (problem == "out of bounds") return report(id, problem);
    if (!problem.empty()) {
      report(id, problem);
      if (!reached_.add(id)) report(id, "multiple references");
      return;
    }
    if (!reach(page)) return;
    if (page.is(PageKind::kLeaf)) {
      check_leaf(page, range, depth, tree);
    } else if (page.is(PageKind::kBranch)) {
      check_branch(page, range, depth, tree);
    } else {
      report(id, "invalid type");
    }
  }

  // Keys ascend strictly and stay in the range the branch above promises.
  void check_key(const Page& page, Bytes key, Bytes before, const Range& range) {
    const std::string_view text = text_of(key);
    if (before.empty()) {
      if (range.lower && text < text_of(*range.lower)) {
        report(page.id, "its first key is smaller than its branch promises");
      }
    } else if (text <= text_of(before)) {
      report(page.id, kNoOrder);
    }
    if (range.upper && text >= text_of(*range.upper)) {
      report(page.id, "a key belongs to the next branch");
    }
  }

  void check_filling(const Page& page, const ElementReader& elements) {
    if (!elements.problem().empty()) return report(page.id, elements.problem());
    // bbolt allocates what the elements need, or, before 1.3.7, one page more at an exact fit.
    if (page.overflow > elements.bytes_used() / database_.meta().page_size) {
      report(page.id, "has more overflow pages than its elements need");
    }
  }

  void check_leaf(const Page& page, const Range& range, int depth, Tree& tree) {
    if (tree.leaf_depth < 0) tree.leaf_depth = depth;
    if (tree.leaf_depth != depth) report(page.id, "a leaf at another depth than the first");
    // An emptied bucket moves into its parent; only the database itself may be empty.
    if (page.count == 0 && !(tree.is_root && depth == 0)) report(page.id, "a leaf without entries");
    ElementReader elements(page);
    Bytes before;
    for (LeafElement element; elements.next(element); before = element.key) {
      check_key(page, element.key, before, range);
      if (element.is_bucket) {
        check_bucket(page, element.value, depth + 1);
      } else if (tree.is_root) {
        report(page.id, "a plain value among the buckets");
      }
    }
    check_filling(page, elements);
  }

  void check_branch(const Page& page, const Range& range, int depth, Tree& tree) {
    if (page.count == 0) return report(page.id, "a branch without children");
    ElementReader elements(page);
    BranchElement element;
    Bytes before;
    if (!elements.next(element)) return check_filling(page, elements);
    for (bool more = true; more;) {
      const BranchElement current = element;
      check_key(page, current.key, before, range);
      before = current.key;
      more = elements.next(element);
      check_page(current.child,
                 {.lower = current.key, .upper = more ? std::optional(element.key) : range.upper},
                 depth + 1, tree);
    }
    check_filling(page, elements);
  }

  void check_bucket(const Page& holder, Bytes value, int depth) {
    const auto bucket = read_bucket(value);
    if (!bucket) return report(holder.id, bucket.error().message);
    if (bucket->root != 0) {
      Tree tree;
      return check_page(bucket->root, {}, depth, tree);
    }
    Page page = read_page_header(bucket->inline_page);
    page.id = holder.id;  // for messages: the page one can find
    page.bytes = bucket->inline_page;
    ElementReader elements(page);
    Bytes before;
    for (LeafElement element; elements.next(element); before = element.key) {
      check_key(page, element.key, before, {});
      if (element.is_bucket) report(page.id, "a bucket within an inline bucket");
    }
    if (!elements.problem().empty()) return report(page.id, elements.problem());
    if (elements.bytes_used() != page.bytes.size()) {
      report(page.id, "an inline bucket of another size than its elements");
    }
  }

  const Database& database_;
  std::uint64_t pages_;
  bool persisted_;
  PageSet reached_;
  PageSet freed_;
  Findings findings_;
};

}  // namespace

std::string Findings::Kind::words() const {
  std::string text = pages.size() == 1 ? "page " : "pages ";
  for (std::size_t i = 0; i < pages.size(); ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(pages[i]);
  if (pages.size() == kPages && count > kPages) text += " and more";
  text += ": " + what;
  if (count > pages.size()) text += " (" + std::to_string(count) + " times)";
  return text;
}

void Findings::add(std::uint64_t page, std::string_view what) {
  ++count;
  if (first.size() < kKept) {
    first.push_back("page " + std::to_string(page) + ": " + std::string(what));
  }
  auto kind =
      std::find_if(kinds.begin(), kinds.end(), [&](const Kind& k) { return k.what == what; });
  if (kind == kinds.end()) {
    if (kinds.size() > kKept) {
      kind = kinds.end() - 1;
    } else {
      kinds.push_back({kinds.size() == kKept ? "other findings" : std::string(what), 0, {}});
      kind = kinds.end() - 1;
    }
  }
  ++kind->count;
  const bool seen = !kind->pages.empty() && kind->pages.back() == page;
  if (!seen && kind->pages.size() < kPages) kind->pages.push_back(page);
}

Findings Database::check() const { return Checker(*this).run(); }

}  // namespace etcd::bolt
