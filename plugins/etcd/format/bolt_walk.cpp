#include "format/bolt_walk.hpp"

#include <utility>

#include "format/bolt.hpp"

namespace etcd::bolt {

bool PageWalk::begin(const Bucket& bucket) {
  if (bucket.root != 0) return enter(bucket.root);
  Page& page = path_[depth_++];
  page = read_page_header(bucket.inline_page);
  page.bytes = bucket.inline_page;
  return true;
}

bool PageWalk::enter(std::uint64_t page_id) {
  if (depth_ == kMaxDepth) {
    refuse(page_id, kTooDeep);
    return false;
  }
  if (pages_ >= database_.meta().high_water_mark) {
    refuse(page_id, "the tree has more pages than the file");
    return false;
  }
  // A page counts with its overflow, also one that is refused, so that walking a file costs no more
  // than its size.
  Page& page = path_[depth_];
  const auto problem = database_.read_page(page_id, page);
  pages_ += problem.empty() ? std::uint64_t{page.overflow} + 1 : 1;
  if (!problem.empty()) {
    refuse(page_id, problem);
  } else if (!page.is(PageKind::kLeaf) && !page.is(PageKind::kBranch)) {
    refuse(page_id, "neither branch nor leaf");
  } else {
    ++depth_;
    return true;
  }
  return false;
}

bool PageWalk::enter(const BranchElement& child) {
  if (!enter(child.child)) return false;
  if (page().count == 0) {
    refuse(kNothingInIt);
  } else if (ElementReader elements(page()); text_of(elements.first_key()) != text_of(child.key)) {
    refuse(elements.problem().empty() ? kOtherFirstKey : elements.problem());
  }
  return under_way();
}

void PageWalk::refuse(std::uint64_t page_id, std::string_view problem) {
  bad_page_ = page_id;
  problem_ = problem;
  depth_above_ = std::exchange(depth_, 0);
}

bool PageWalk::step_over() {
  problem_ = {};
  depth_ = std::exchange(depth_above_, 0);
  return under_way();
}

snapcore::Error PageWalk::error() const {
  return {.code = "etcd.bolt_damaged",
          .message = "page " + std::to_string(bad_page_) + ": " + std::string(problem_),
          .category = snapcore::Category::kCorrupt};
}

}  // namespace etcd::bolt
