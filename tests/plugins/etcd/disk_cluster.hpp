// A cluster of processes with directories of their own, in a scratch folder: the fake members of
// tests/fakes/etcd_member.cpp, over real data directories.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <observe.hpp>
#include <services.hpp>
#include <set>
#include <snapcore/support/process.hpp>
#include <staging.hpp>
#include <string>
#include <swap.hpp>
#include <target.hpp>
#include <vector>

#include "../../fakes/scratch.hpp"
#include "format/bolt_file.hpp"

namespace etcd::test {

namespace fs = std::filesystem;

// Everything here is synced often; memory is quicker at that than a disk.
inline const bool kScratchInMemory =
    ::access("/dev/shm", W_OK) == 0 && ::setenv("TMPDIR", "/dev/shm", 0) == 0;

// Never the same twice, though nobody has taken the first yet.
inline std::uint16_t free_port() {
  static std::set<std::uint16_t> given;
  for (;;) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(::bind(fd, generic, size), 0);
    ::getsockname(fd, generic, &size);
    ::close(fd);
    if (given.insert(ntohs(address.sin_port)).second) return ntohs(address.sin_port);
  }
}

enum class Layout {
  kPlain,
  kWalBeside,      // --wal-dir outside of the data directory
  kWalWithin,      // --wal-dir in the data directory, not at the default place
  kMount,          // the data directory is a mount point
  kMountsForBoth,  // and the WAL directory is another one
};

struct DiskClusterOptions {
  std::size_t members = 2;
  Layout layout = Layout::kPlain;
};

class DiskCluster {
 public:
  explicit DiskCluster(DiskClusterOptions options = {}) : options_(options) {
    const char* build = std::getenv("SNAPCORE_BUILD");
    program_ = fs::path(build ? build : SNAPCORE_BUILD_FOLDER) / "tests" / "etcd_member";
    for (std::size_t i = 0; i < options_.members; ++i) add_member(i);
    target = make_target(config).value();
  }
  ~DiskCluster() { stop(); }

  // False where this test may not mount.
  bool usable() const { return usable_; }
  const fs::path& folder() const { return scratch_.path(); }
  fs::path home(std::size_t i) const { return folder() / config.members[i].name; }

  static std::string snapshot(int changes = 40) { return etcd_content(changes).snapshot(); }

  // Stages `bytes`; `key` names the call.
  Result<StagedData> stage(std::string bytes, char key, const StagingOptions& options = {}) {
    std::size_t at = 0;
    return etcd::stage(target, options,
                       {.name = "snap.db",
                        .size = bytes.size(),
                        .stamp = stamp,
                        .key = std::string(64, key),
                        .read = [&](std::span<std::byte> into) -> Result<std::size_t> {
                          const std::size_t size =
                              bytes.copy(reinterpret_cast<char*>(into.data()), into.size(), at);
                          at += size;
                          return size;
                        },
                        .record_undo = [&](const StagingUndo& undo) -> Result<> {
                          staging_undo = undo;
                          return {};
                        }});
  }

  // A first life of the cluster, running.
  void live_once() {
    stamp = "20250101T000000Z";
    const auto staged = stage(snapshot(10), '0', {.token = "first-life"});
    ASSERT_TRUE(staged) << staged.error().message;
    const auto swap = plan_swap(staged->handle, stamp, "00000000");
    ASSERT_TRUE(swap) << swap.error().message;
    ASSERT_TRUE(carry_out(*swap, [](const std::string&) { return Result<>(); }));
    for (const MadeDirectory& made : swap->backups) fs::remove(made.path);
    stamp = "20260102T030405Z";
    start();
    old_cluster_id = staged->handle.cluster_id;
  }

  void start() { ASSERT_TRUE(start_members(target, names(), {})); }
  // By the fake's own means, whatever the target's stop commands are.
  void stop() {
    for (std::size_t i = 0; i < options_.members; ++i) {
      if (!fs::exists(home(i) / "pid")) continue;
      (void)snapcore::process::run({.argv = {program_, "stop", home(i)}, .started = {}});
    }
  }

  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const TargetMember& member : target.members) all.push_back(member.name);
    return all;
  }

  // Cluster ids of the members that answer, one each.
  std::vector<std::string> who_runs() const {
    std::vector<std::string> ids;
    for (const Observation& seen : observe(target, Depth::kEverything, [] { return false; })) {
      if (seen.status && seen.healthy()) ids.push_back(id_text(seen.status->cluster_id));
    }
    return ids;
  }
  std::vector<std::string> all_of(const std::string& id) const {
    return std::vector<std::string>(options_.members, id);
  }

  // Every name below the folder with its inode, size, mode and owner.
  std::set<std::string> tree() const {
    std::set<std::string> lines;
    for (const auto& entry : fs::recursive_directory_iterator(folder())) {
      struct stat is = {};
      ::lstat(entry.path().c_str(), &is);
      const std::string name = entry.path().lexically_relative(folder()).string();
      if (entry.path().filename() == "pid") continue;
      const auto size = S_ISDIR(is.st_mode) ? 0 : is.st_size;
      lines.insert(name + " " + std::to_string(is.st_ino) + " " + std::to_string(size) + " " +
                   std::to_string(is.st_mode) + " " + std::to_string(is.st_uid));
    }
    return lines;
  }

  void reload() { target = make_target(config).value(); }

  Config config;
  Target target;
  std::string stamp = "20260102T030405Z";
  std::string old_cluster_id;
  StagingUndo staging_undo;

 private:
  void add_member(std::size_t i) {
    MemberConfig member;
    member.name = "m" + std::to_string(i + 1);
    const fs::path home_dir = folder() / member.name;
    const fs::path data = home_dir / "data";
    fs::create_directory(home_dir);
    const std::string client = std::to_string(free_port());
    const std::string peer = std::to_string(free_port());
    member.client.urls = {"http://127.0.0.1:" + client};
    member.peer.urls = {"http://127.0.0.1:" + peer};
    member.data_dir = data;
    member.start = {program_, "start", home_dir, client, peer, data};
    member.stop = {program_, "stop", home_dir};
    const Layout layout = options_.layout;
    if (layout == Layout::kWalBeside) member.wal_dir = home_dir / "log";
    if (layout == Layout::kWalWithin) member.wal_dir = data / "logs" / "wal";
    if (layout == Layout::kMount || layout == Layout::kMountsForBoth) mount(data);
    if (layout == Layout::kMountsForBoth) {
      member.wal_dir = home_dir / "log";
      mount(*member.wal_dir);
    }
    if (member.wal_dir) member.start.push_back(*member.wal_dir);
    config.members.push_back(std::move(member));
    config.stop_timeout = {std::chrono::seconds(20)};
    config.health_timeout = {std::chrono::seconds(30)};
  }

  void mount(const fs::path& at) {
    fs::create_directory(at);
    mounts_.push_back(std::make_unique<snapcore::fakes::SmallDisk>(at, "64m"));
    usable_ = usable_ && mounts_.back()->mounted();
  }

  DiskClusterOptions options_;
  snapcore::fakes::Scratch scratch_;
  std::vector<std::unique_ptr<snapcore::fakes::SmallDisk>> mounts_;  // gone before the folder
  fs::path program_;
  bool usable_ = true;
};

// "fine", or the error's code.
template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "fine" : result.error().code;
}

}  // namespace etcd::test
