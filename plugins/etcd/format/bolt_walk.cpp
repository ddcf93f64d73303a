#include "format/bolt_walk.hpp"

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
  } else if (pages_ >= database_.meta().high_water_mark) {
    refuse(page_id, "the tree has more pages than the file");
  } else if (const auto problem = database_.read_page(page_id, path_[depth_]); !problem.empty()) {
    refuse(page_id, problem);
  } else if (!path_[depth_].is(PageKind::kLeaf) && !path_[depth_].is(PageKind::kBranch)) {
    refuse(page_id, "neither branch nor leaf");
  } else {
    // A page with overflow counts whole, so that walking a file costs no more than its size.
    pages_ += std::uint64_t{path_[depth_].overflow} + 1;
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
  depth_ = 0;
}

snapcore::Error PageWalk::error() const {
  return {.code = "etcd.bolt_damaged",
          .message = "page " + std::to_string(bad_page_) + ": " + std::string(problem_),
          .category = snapcore::Category::kCorrupt};
}

}  // namespace etcd::bolt
