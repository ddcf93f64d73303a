// Keeps a walk through a bucket's tree within the file, however damaged that is: it goes no deeper
// than kMaxDepth, comes to no more pages than the file has, and stands on leaves and branches only.
// Whatever breaks this ends it with an error.
#pragma once

#include <array>
#include <cstdint>
#include <format/bolt_page.hpp>
#include <snapcore/error.hpp>
#include <string_view>

namespace etcd::bolt {

struct Bucket;
class Database;

class PageWalk {
 public:
  explicit PageWalk(const Database& database) : database_(database) {}

  // Down to the bucket's first page, or to a child of the page it stands on. False when that page
  // ended the walk.
  bool begin(const Bucket& bucket);
  bool enter(std::uint64_t page_id);
  // The same, and demands what ties a page to the branch above it: it holds something, and its
  // first key is the one the branch names. A page of another time or place, whole in itself, does
  // not fit.
  bool enter(const BranchElement& child);
  // Back to the page above, or to the end of the walk.
  void leave() { --depth_; }
  // Ends the walk because of the page it stands on. `problem` is not copied.
  void refuse(std::string_view problem) {
    const std::uint64_t bad = page().id;
    leave();
    refuse(bad, problem);
  }
  // After a refusal: back to the page above the one that is wrong, as if that had nothing in it.
  // False when there is none.
  bool step_over();

  bool under_way() const { return depth_ > 0; }
  // While under way: the page it stands on, and how many are above that.
  const Page& page() const { return path_[depth_ - 1]; }
  std::size_t level() const { return depth_ - 1; }

  // Pages it has come to so far, those of overflow included.
  std::uint64_t pages() const { return pages_; }
  bool refused() const { return !problem_.empty(); }
  snapcore::Error error() const;  // "etcd.bolt_damaged"

 private:
  void refuse(std::uint64_t page_id, std::string_view problem);

  const Database& database_;
  std::uint64_t pages_ = 0;
  std::size_t depth_ = 0;
  std::size_t depth_above_ = 0;  // of the page that was refused
  std::uint64_t bad_page_ = 0;
  std::string_view problem_;
  std::array<Page, kMaxDepth> path_;
};

}  // namespace etcd::bolt
