#include "format/bolt_backward.hpp"

#include <utility>

namespace etcd::bolt {

BackwardCursor::BackwardCursor(const Database& database, const Bucket& bucket)
    : walk_(database), bucket_(bucket) {}

// A page tells the places of its elements only from the front.
void BackwardCursor::load() {
  const Page& page = walk_.page();
  Level& level = levels_[walk_.level()];
  level.entries.clear();
  level.children.clear();
  ElementReader elements(page);
  if (page.is(PageKind::kLeaf)) {
    for (LeafElement entry; elements.next(entry);) {
      if (end_.empty() || text_of(entry.key) < end_) level.entries.push_back(entry);
    }
  } else {
    for (BranchElement child; elements.next(child);) {
      if (end_.empty() || text_of(child.key) < end_) level.children.push_back(child);
    }
  }
  if (!elements.problem().empty()) walk_.refuse(elements.problem());
}

bool BackwardCursor::next(LeafElement& entry) {
  if (!std::exchange(started_, true) && walk_.begin(bucket_)) load();
  while (walk_.under_way()) {
    Level& level = levels_[walk_.level()];
    if (!level.entries.empty()) {
      entry = level.entries.back();
      level.entries.pop_back();
      return true;
    }
    if (level.children.empty()) {
      walk_.leave();
      continue;
    }
    const std::uint64_t child = level.children.back().child;
    level.children.pop_back();
    if (walk_.enter(child)) load();
  }
  return false;
}

}  // namespace etcd::bolt
