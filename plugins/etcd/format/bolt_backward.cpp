#include "format/bolt_backward.hpp"

#include <utility>

namespace etcd::bolt {

BackwardCursor::BackwardCursor(const Database& database, const Bucket& bucket)
    : walk_(database), bucket_(bucket) {}

void BackwardCursor::load() {
  Level& level = levels_[walk_.level()];
  level.entries.clear();
  level.children.clear();
  if (walk_.page().is(PageKind::kLeaf)) {
    load_leaf(level);
  } else {
    load_branch(level);
  }
}

// A page tells the places of its elements only from the front.
void BackwardCursor::load_leaf(Level& level) {
  ElementReader elements(walk_.page());
  std::string_view first, last;
  for (LeafElement entry; elements.next(entry); last = text_of(entry.key)) {
    if (first.empty()) first = text_of(entry.key);
    if (text_of(entry.key) <= last) return walk_.refuse(kNoOrder);
    if (end_.empty() || text_of(entry.key) < end_) level.entries.push_back(entry);
  }
  if (!elements.problem().empty()) return walk_.refuse(elements.problem());
  if (!first_of_leaf_.empty() && last >= first_of_leaf_)
    return walk_.refuse("its keys do not end before those of the next leaf begin");
  first_of_leaf_ = first;
}

void BackwardCursor::load_branch(Level& level) {
  ElementReader elements(walk_.page());
  for (BranchElement child; elements.next(child);) {
    if (end_.empty() || text_of(child.key) < end_) level.children.push_back(child);
  }
  if (!elements.problem().empty()) return walk_.refuse(elements.problem());
  if (elements.index() == 0) walk_.refuse(kNothingInIt);
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
    const BranchElement child = level.children.back();
    level.children.pop_back();
    if (walk_.enter(child)) load();
  }
  return false;
}

}  // namespace etcd::bolt
