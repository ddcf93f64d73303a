#include "format/bolt_backward.hpp"

namespace etcd::bolt {

BackwardCursor::BackwardCursor(const Database& database, const Bucket& bucket)
    : database_(database), bucket_(bucket), pages_left_(database.meta().high_water_mark) {}

void BackwardCursor::start() {
  started_ = true;
  if (bucket_.root != 0) return enter(bucket_.root);
  Level& level = levels_[depth_++];
  level.page = read_page_header(bucket_.inline_page);
  level.page.bytes = bucket_.inline_page;
  load(level);
}

void BackwardCursor::enter(std::uint64_t page_id) {
  if (depth_ == kMaxDepth) return refuse(page_id, "the tree is deeper than any bbolt makes");
  if (pages_left_ == 0) return refuse(page_id, "the tree has more pages than the file");
  Level& level = levels_[depth_];
  const auto problem = database_.read_page(page_id, level.page);
  if (!problem.empty()) return refuse(page_id, problem);
  if (!level.page.is(PageKind::kLeaf) && !level.page.is(PageKind::kBranch)) {
    return refuse(page_id, "neither branch nor leaf");
  }
  const std::uint64_t pages = std::uint64_t{level.page.overflow} + 1;
  pages_left_ -= std::min(pages, pages_left_);
  ++depth_;
  load(level);
}

// A page tells the places of its elements only from the front.
void BackwardCursor::load(Level& level) {
  level.entries.clear();
  level.children.clear();
  ElementReader elements(level.page);
  if (level.page.is(PageKind::kLeaf)) {
    for (LeafElement entry; elements.next(entry);) {
      if (end_.empty() || text_of(entry.key) < end_) level.entries.push_back(entry);
    }
  } else {
    for (BranchElement child; elements.next(child);) {
      if (end_.empty() || text_of(child.key) < end_) level.children.push_back(child);
    }
  }
  if (!elements.problem().empty()) refuse(level.page.id, elements.problem());
}

void BackwardCursor::refuse(std::uint64_t page_id, std::string_view problem) {
  bad_page_ = page_id;
  problem_ = problem;
  depth_ = 0;
}

bool BackwardCursor::next(LeafElement& entry) {
  if (!started_) start();
  while (depth_ > 0) {
    Level& level = levels_[depth_ - 1];
    if (!level.entries.empty()) {
      entry = level.entries.back();
      level.entries.pop_back();
      return true;
    }
    if (level.children.empty()) {
      --depth_;
      continue;
    }
    const std::uint64_t child = level.children.back().child;
    level.children.pop_back();
    enter(child);
  }
  return false;
}

snapcore::Error BackwardCursor::error() const {
  return {.code = "etcd.bolt_damaged",
          .message = "page " + std::to_string(bad_page_) + ": " + std::string(problem_),
          .category = snapcore::Category::kCorrupt};
}

}  // namespace etcd::bolt
