// Goes through a bucket's entries from the last to the first.
//
// In etcd's bucket `key` that is from the newest change to the oldest, so the first change of a key
// that turns up is the one that counts. Used like Cursor, and as safe on damaged files; besides it
// demands on its way that keys ascend and that every page fits the branch above it.
#pragma once

#include <format/bolt.hpp>

namespace etcd::bolt {

class BackwardCursor {
 public:
  BackwardCursor(const Database& database, const Bucket& bucket);

  bool next(LeafElement& entry);
  // Goes on before the entries of `key` and all that follow it; only before the first next(). Saves
  // the reading of their pages.
  void skip_from(std::string_view key) { end_ = key; }
  bool finished() const { return !walk_.refused(); }
  snapcore::Error error() const { return walk_.error(); }

 private:
  // The elements of a page that are still to come, the next one last.
  struct Level {
    std::vector<LeafElement> entries = {};
    std::vector<BranchElement> children = {};
  };

  void load();
  void load_leaf(Level& level);
  void load_branch(Level& level);

  PageWalk walk_;
  Bucket bucket_;
  bool started_ = false;
  std::string end_;
  std::string first_of_leaf_;  // of the leaf it came to last; all that follow are below that
  std::array<Level, kMaxDepth> levels_;
};

}  // namespace etcd::bolt
