// Builds bbolt and etcd files in memory, whole ones and broken ones.
#pragma once

#include <cstdint>
#include <format/bolt_build.hpp>
#include <format/bolt_page.hpp>
#include <format/bytes.hpp>
#include <format/membership.hpp>
#include <snapcore/support/digest.hpp>
#include <string>
#include <vector>

namespace etcd::test {

// Pages are numbered from 2 in the order in which they are added.
class BoltFile {
 public:
  explicit BoltFile(std::uint32_t page_size = 1024) : page_size_(page_size) {}

  std::uint32_t page_size() const { return page_size_; }
  std::uint64_t next() const { return 2 + pages_.size() / page_size_; }

  std::uint64_t leaf(const std::vector<bolt::NewEntry>& entries) {
    return add(bolt::build_leaf(next(), entries, page_size_));
  }
  std::uint64_t branch(const std::vector<bolt::NewChild>& children) {
    return add(bolt::build_branch(next(), children, page_size_));
  }
  // Bytes of an older transaction: neither reached nor read.
  std::uint64_t garbage() { return add(std::string(page_size_, '\xab')); }
  std::uint64_t freelist(const std::vector<std::uint64_t>& ids) {
    std::string page;
    append_le(page, next());
    append_le(page, static_cast<std::uint16_t>(bolt::PageKind::kFreelist));
    append_le(page, static_cast<std::uint16_t>(ids.size()));
    append_le(page, std::uint32_t{0});
    for (const auto id : ids) append_le(page, id);
    page.resize(page_size_);
    freelist_ = next();
    return add(std::move(page));
  }

  // A tree over ascending entries; `per_page` children or entries each.
  std::uint64_t tree(const std::vector<bolt::NewEntry>& entries, std::size_t per_page) {
    std::vector<bolt::NewChild> level;
    for (std::size_t i = 0; i < entries.size(); i += per_page) {
      const std::size_t end = std::min(i + per_page, entries.size());
      level.push_back({entries[i].key, leaf({entries.begin() + static_cast<std::ptrdiff_t>(i),
                                             entries.begin() + static_cast<std::ptrdiff_t>(end)})});
    }
    while (level.size() > 1) {
      std::vector<bolt::NewChild> above;
      for (std::size_t i = 0; i < level.size(); i += per_page) {
        const std::size_t end = std::min(i + per_page, level.size());
        above.push_back({level[i].key, branch({level.begin() + static_cast<std::ptrdiff_t>(i),
                                               level.begin() + static_cast<std::ptrdiff_t>(end)})});
      }
      level = std::move(above);
    }
    return level.front().page;
  }

  bolt::Meta meta(std::uint64_t root) const {
    return {.page_size = page_size_,
            .flags = 0,
            .root = root,
            .sequence = 0,
            .freelist = freelist_,
            .high_water_mark = next(),
            .transaction = 8};
  }

  // Both meta pages the way a snapshot has them.
  std::string finish(std::uint64_t root) const {
    bolt::Meta newer = meta(root);
    bolt::Meta older = newer;
    older.transaction = newer.transaction - 1;
    return bolt::write_meta_page(0, newer) + bolt::write_meta_page(1, older) + pages_;
  }

 private:
  std::uint64_t add(std::string page) {
    const std::uint64_t id = next();
    pages_ += page;
    return id;
  }

  std::uint32_t page_size_;
  std::uint64_t freelist_ = bolt::kNoFreelist;
  std::string pages_;
};

// A file without a name that holds these bytes.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string_view bytes);
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  int fd() const { return fd_; }
  void cut(std::size_t size) const;

 private:
  int fd_;
};

// What etcd keeps in a database, to be changed by a test before it is built.
struct EtcdContent {
  std::uint32_t page_size = 1024;
  std::vector<bolt::NewEntry> key, meta, members, members_removed, cluster, lease, alarm, auth,
      auth_users, auth_roles;
  std::size_t per_page = 6;

  std::string database() const;
  std::string snapshot() const;
};

// `changes` revisions of bucket `key` from main 2 on, some of them deletions; members a, b and c of
// an old cluster; a lease, an alarm, a user. As 3.4 writes it, or with what 3.5 and 3.6 add.
EtcdContent etcd_content(int changes, bool later_version = false);

// The database with its SHA-256 behind it.
std::string with_digest(std::string database);

// Members a, b and c of the fact sheet's example, token "newtok".
Cluster example_cluster();

}  // namespace etcd::test
