// Goes through a bucket's entries from the last to the first.
//
// In etcd's bucket `key` that is from the newest change to the oldest, so the first change of a key
// that turns up is the one that counts. Used like Cursor, and as safe on damaged files.
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
  bool finished() const { return problem_.empty(); }
  snapcore::Error error() const;

 private:
  static constexpr std::size_t kMaxDepth = 64;
  // The elements of a page that are still to come, the next one last.
  struct Level {
    Page page;
    std::vector<LeafElement> entries = {};
    std::vector<BranchElement> children = {};
  };

  void start();
  void enter(std::uint64_t page_id);
  void load(Level& level);
  void refuse(std::uint64_t page_id, std::string_view problem);

  const Database& database_;
  Bucket bucket_;
  bool started_ = false;
  std::uint64_t pages_left_;
  std::uint64_t bad_page_ = 0;
  std::string_view problem_;
  std::string end_;
  std::size_t depth_ = 0;
  std::array<Level, kMaxDepth> levels_;
};

}  // namespace etcd::bolt
