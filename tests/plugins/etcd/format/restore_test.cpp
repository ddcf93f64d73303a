// From an examined database to a member's directory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <format/bolt.hpp>
#include <format/bolt_rewrite.hpp>
#include <format/member_dir.hpp>
#include <format/snap_file.hpp>
#include <format/snapshot.hpp>
#include <fstream>

#include "bolt_file.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
using test::etcd_content;
using test::EtcdContent;
using test::example_cluster;
using testing::ElementsAre;
using testing::IsEmpty;

class Restore : public testing::Test {
 protected:
  Restore() {
    std::string pattern = (fs::temp_directory_path() / "etcd-restore-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Restore() override { fs::remove_all(folder_); }

  fs::path write(const std::string& bytes, const fs::path& path) {
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  Result<RestoredDatabase> restore(const std::string& bytes, const RestoreOptions& options = {}) {
    const fs::path path = write(bytes, folder_ / "db");
    const auto file = snapcore::files::open_for_writing(path).value();
    return restore_database(file, path, example_cluster(), options);
  }

  Examined examined() {
    const auto file = MappedFile::open(folder_ / "db").value();
    const ExamineOptions raw{.require_trailer = false, .check_hash = true, .canceled = {}};
    auto examined = examine(file.bytes(), "db", raw);
    EXPECT_TRUE(examined) << examined.error().message;
    return examined ? *examined : Examined{};
  }

  fs::path folder_;
};

TEST_F(Restore, DatabaseHoldsTheNewClusterAndNothingOfTheOldOne) {
  for (const int changes : {0, 3, 400}) {
    for (const std::uint32_t page_size : {1024u, 4096u}) {
      EtcdContent content = etcd_content(changes);
      content.page_size = page_size;
      const auto restored = restore(content.snapshot());
      ASSERT_TRUE(restored) << restored.error().message;
      EXPECT_EQ(restored->dialect, wal::Dialect::k34);
      const Examined now = examined();
      EXPECT_EQ(now.file_size, now.database_size) << "no digest, no space behind the last page";
      EXPECT_EQ(now.file_size, restored->size);
      ASSERT_EQ(now.members.size(), 3u);
      EXPECT_EQ(now.members[0].name, "b");
      EXPECT_EQ(now.members[1].peer_urls, std::vector<std::string>{"http://127.0.0.1:41380"});
      EXPECT_THAT(now.removed_members, IsEmpty());
      EXPECT_THAT(now.alarms, IsEmpty());
      EXPECT_EQ(now.consistent_index, 3u);
      EXPECT_EQ(now.term, 1u);
      EXPECT_FALSE(now.voters) << "3.4 keeps none";
      EXPECT_EQ(now.leases, 1u);
      EXPECT_EQ(now.revisions, static_cast<std::uint64_t>(changes));
      EXPECT_EQ(now.cluster_version, "3.4.0");
    }
  }
}

TEST_F(Restore, VotersOfALaterVersionFollowTheMembers) {
  const auto restored = restore(etcd_content(30, true).snapshot());
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_EQ(restored->dialect, wal::Dialect::k35);
  const Examined now = examined();
  EXPECT_THAT(*now.voters,
              ElementsAre(0x200beafb7c0c28ddU, 0x41298ef3c0e1be7fU, 0xbd00a8f259adf2b1U));
  EXPECT_EQ(now.storage_version, "3.6.0");
}

TEST_F(Restore, BothMetaPagesLeadToTheNewTree) {
  ASSERT_TRUE(restore(etcd_content(30).snapshot()));
  for (const std::streamoff page : {0, 1024}) {
    std::fstream file(folder_ / "db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(page + 16 + 56);
    file.put('\0');
    file.close();
    if (page != 0) continue;
    EXPECT_EQ(examined().members.size(), 3u);
  }
}

TEST_F(Restore, RevisionBumpAppendsAnEmptyEntryToTreesOfEveryShape) {
  for (int changes = 0; changes < 300; changes += changes < 40 ? 1 : 37) {
    for (const std::size_t per_page : {2u, 6u}) {
      EtcdContent content = etcd_content(changes);
      content.per_page = per_page;
      const std::int64_t last = changes == 0 ? 0 : changes + 1;
      const auto restored =
          restore(content.snapshot(), {.bump = RevisionBump{.by = 1000}, .keep_alarms = true});
      ASSERT_TRUE(restored) << restored.error().message;
      EXPECT_EQ(restored->revision, last + 1000);
      const Examined now = examined();
      EXPECT_EQ(now.revision, last + 1000);
      EXPECT_EQ(now.revisions, static_cast<std::uint64_t>(changes) + 1);
      EXPECT_EQ(now.scheduled_compact->main, last + 1000);
      EXPECT_EQ(now.alarms.size(), 1u);
    }
  }
}

// Branch pages that are full: the right edge has to be split, up to a new root.
TEST_F(Restore, RevisionBumpSplitsFullBranches) {
  for (const int changes : {29 * 2, 29 * 30, 30 * 30, 30 * 30 * 2}) {
    EtcdContent content = etcd_content(changes);
    content.per_page = 30;  // 30 children of 33 bytes each fill a page of 1024
    for (auto& entry : content.key) entry.value = content.key[0].value;  // short
    for (std::size_t i = 0; i < content.key.size(); ++i) {
      content.key[i].key = encode_revision({static_cast<std::int64_t>(i) + 2, 0});
      content.key[i].value.clear();
    }
    const auto restored =
        restore(content.snapshot(), {.bump = RevisionBump{.by = 5}, .keep_alarms = false});
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_EQ(examined().revisions, static_cast<std::uint64_t>(changes) + 1);
  }
}

TEST_F(Restore, RefusesABumpThatIsNone) {
  for (const std::int64_t by : {INT64_MIN, std::int64_t{-1}, std::int64_t{0}, INT64_MAX}) {
    const auto restored =
        restore(etcd_content(3).snapshot(), {.bump = RevisionBump{.by = by}, .keep_alarms = false});
    ASSERT_FALSE(restored);
    EXPECT_EQ(restored.error().code, "etcd.bad_revision_bump");
  }
}

TEST_F(Restore, SpaceAllocatedAheadIsCutOff) {
  ASSERT_TRUE(restore(etcd_content(30).database() + std::string(1 << 20, '\0')));
  EXPECT_EQ(examined().file_size, examined().database_size);
}

TEST_F(Restore, AMissingBucketClusterIsMade) {
  test::BoltFile file;
  const auto content = etcd_content(2);
  const auto bytes = file.finish(file.leaf({{"key", bolt::inline_bucket(0, content.key), true},
                                            {"members", bolt::inline_bucket(0, {}), true},
                                            {"meta", bolt::inline_bucket(0, content.meta), true}}));
  ASSERT_TRUE(restore(bytes));
  std::vector<std::string> names;
  for (const auto& bucket : examined().buckets) names.push_back(bucket.name);
  EXPECT_THAT(names, ElementsAre("cluster", "key", "members", "members_removed", "meta"));
}

TEST_F(Restore, ABigBucketMovesToPagesOfItsOwn) {
  const std::string bytes = etcd_content(5).database();
  const fs::path path = write(bytes, folder_ / "db");
  const auto file = snapcore::files::open_for_writing(path).value();
  const auto mapped = MappedFile::of(file, path).value();
  const auto database = bolt::Database::open(mapped.bytes()).value();
  auto rewrite = bolt::Rewrite::begin(database).value();
  std::vector<bolt::NewEntry> removed;
  for (int i = 300; i < 500; ++i) {
    removed.push_back({id_text(static_cast<std::uint64_t>(i)), "removed", false});
  }
  ASSERT_TRUE(rewrite.replace_bucket("members_removed", removed));
  ASSERT_TRUE(rewrite.commit(file, path));
  EXPECT_EQ(examined().removed_members.size(), 200u);
}

TEST_F(Restore, DirectoryHasWhatAServerNeedsWithTheRightModes) {
  const Cluster cluster = example_cluster();
  for (const bool separate_wal : {false, true}) {
    MemberDirectory directory{.data_dir = folder_ / (separate_wal ? "one" : "two"),
                              .wal_dir = std::nullopt,
                              .owner = std::nullopt};
    if (separate_wal) directory.wal_dir = folder_ / "log";
    ASSERT_TRUE(make_member_directory(directory));
    write(etcd_content(50).snapshot(), database_path(directory));
    const auto finished =
        finish_member_directory(directory, cluster, find_member(cluster, "a")->id, {});
    ASSERT_TRUE(finished) << finished.error().message;

    const auto mode = [](const fs::path& path) {
      struct stat status {};
      EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
      return status.st_mode & 07777;
    };
    const fs::path member = directory.data_dir / "member";
    const fs::path segment = wal_path(directory) / wal::kFirstSegment;
    const fs::path snap = member / "snap" / snap::file_name(cluster);
    for (const fs::path& path :
         {directory.data_dir, member, member / "snap", wal_path(directory)}) {
      EXPECT_EQ(mode(path), 0700u) << path;
    }
    for (const fs::path& path : {database_path(directory), segment, snap}) {
      EXPECT_EQ(mode(path), 0600u) << path;
    }
    EXPECT_EQ(fs::exists(member / "wal"), !separate_wal);
    const auto log = MappedFile::open(segment).value();
    EXPECT_EQ(log.bytes().size(), wal::kSegmentSize);
    const auto records = wal::read_segment(log.bytes());
    ASSERT_TRUE(records) << records.error().message;
    EXPECT_EQ(records->used_bytes, 496u);
    EXPECT_TRUE(snap::read(MappedFile::open(snap).value().bytes()));

    const auto again =
        finish_member_directory(directory, cluster, find_member(cluster, "a")->id, {});
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, "files.exists");
  }
}

TEST_F(Restore, FailuresNameThePath) {
  const Cluster cluster = example_cluster();
  const MemberDirectory directory{
      .data_dir = folder_ / "dir", .wal_dir = std::nullopt, .owner = std::nullopt};
  const auto stranger = finish_member_directory(directory, cluster, 1, {});
  ASSERT_FALSE(stranger);
  EXPECT_EQ(stranger.error().code, "etcd.unknown_member");
  EXPECT_FALSE(fs::exists(directory.data_dir));
  const auto no_database = finish_member_directory(directory, cluster, cluster.members[0].id, {});
  ASSERT_FALSE(no_database);
  EXPECT_EQ(no_database.error().code, "files.not_found");
  EXPECT_THAT(no_database.error().message, testing::HasSubstr("snap/db"));
}

TEST_F(Restore, MappingRefusesWhatIsNoFile) {
  EXPECT_EQ(MappedFile::open(folder_).error().code, "files.not_regular");
  EXPECT_EQ(MappedFile::open(folder_ / "absent").error().code, "files.not_found");
  write("", folder_ / "empty");
  EXPECT_TRUE(MappedFile::open(folder_ / "empty").value().bytes().empty());
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(MappedFile::open(folder_ / "pipe").error().code, "files.not_regular");
}

}  // namespace
}  // namespace etcd
