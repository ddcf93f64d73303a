// Changes small buckets of a bbolt file by appending to it.
//
// New pages go behind the last one in use, then both meta pages are pointed at the new root. No
// page of the old tree is touched, so the cost does not depend on the size of the file. The
// replaced pages become free by being unreachable, and a free page list in the file is given up for
// the same reason: bbolt finds the free pages itself at the next open.
//
// The file is a private copy: a crash between the two steps leaves the old contents or the new
// ones, but other readers of the file must not exist.
#pragma once

#include <filesystem>
#include <format/bolt.hpp>
#include <format/bolt_build.hpp>
#include <format/file.hpp>
#include <map>
#include <snapcore/error.hpp>
#include <string>
#include <vector>

namespace etcd::bolt {

class Rewrite {
 public:
  // `database` looks at the mapped file that commit() will change and outlives this object. Its
  // check() was clean.
  static Result<Rewrite> begin(const Database& database);

  bool has_bucket(std::string_view name) const { return root_.contains(std::string(name)); }
  // The bucket's entries as they are now, this rewrite's changes included.
  Result<std::vector<NewEntry>> entries(std::string_view name) const;

  // The bucket holds exactly `entries` (any order) afterwards; made when missing.
  Result<> replace_bucket(std::string_view name, std::vector<NewEntry> entries);
  // Adds one entry behind all others. The bucket exists; the key is higher than its last.
  Result<> append_entry(std::string_view name, const NewEntry& entry);

  // Writes everything to the file and syncs it. Its size is exactly pages x page size afterwards:
  // what stood behind the last page (a digest, preallocated space) is gone.
  Result<std::uint64_t> commit(const UniqueFd& fd, const std::filesystem::path& path);

 private:
  explicit Rewrite(const Database& database) : database_(&database) {}

  std::uint64_t next_page() const;
  std::uint64_t add_page(std::string_view image);
  std::uint64_t add_leaf(std::span<const NewEntry> entries);
  std::uint64_t add_branch(std::span<const NewChild> children);
  Result<std::uint64_t> append_to_tree(std::uint64_t root, const NewEntry& entry);

  const Database* database_;
  std::map<std::string, std::string> root_;  // bucket name, bucket value
  std::string pages_;                        // appended so far
};

}  // namespace etcd::bolt
