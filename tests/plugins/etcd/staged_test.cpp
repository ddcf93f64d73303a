// A second look at what was staged, its removal, and what a snapshot is in words.
#include <gmock/gmock.h>

#include <format/wal.hpp>
#include <fstream>

#include "disk_cluster.hpp"
#include "examination.hpp"
#include "staged_check.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::DiskCluster;
using test::Layout;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(StagedCheck, AnythingChangedSinceStagingIsFound) {
  DiskCluster cluster({.members = 2, .layout = Layout::kWalBeside});
  const auto staged = cluster.stage(DiskCluster::snapshot(), 'a');
  ASSERT_TRUE(staged);
  const fs::path first = staged->handle.members[0].staged;
  const fs::path second = staged->handle.members[1].staged;
  const fs::path log = *staged->handle.members[1].staged_wal;
  const std::string segment(wal::kFirstSegment);
  const auto patch = [](const fs::path& path, std::streamoff at) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(at);
    const char was = static_cast<char>(file.get());
    file.seekp(at);
    file.put(static_cast<char>(was ^ 0x40));
  };
  const std::vector<std::pair<const char*, std::function<void()>>> changes = {
      {"database, first page",
       [&] {
         patch(second / "member/snap/db", 20);
         patch(second / "member/snap/db", 1044);
       }},
      {"log, first record", [&] { patch(log / segment, 10); }},
      {"log, behind its records", [&] { patch(log / segment, 4000); }},
      {"log of another member",
       [&] {
         fs::copy_file(*staged->handle.members[0].staged_wal + "/" + segment, log / segment,
                       fs::copy_options::overwrite_existing);
       }},
      {"snap", [&] { patch(second / "member/snap/0000000000000001-0000000000000002.snap", 30); }},
      {"mode", [&] { fs::permissions(second / "member", fs::perms::all); }},
      {"database gone", [&] { fs::remove(second / "member/snap/db"); }},
      {"log gone", [&] { fs::remove(log / segment); }},
      {"a link", [&] {
         fs::rename(second / "member/snap/db", second / "db");
         fs::create_symlink(second / "db", second / "member/snap/db");
       }}};
  EXPECT_TRUE(check_staged(cluster.target, staged->handle, {}));
  for (const auto& [what, change] : changes) {
    ASSERT_TRUE(cluster.stage(DiskCluster::snapshot(), 'a'));
    change();
    const auto checked = check_staged(cluster.target, staged->handle, {});
    EXPECT_FALSE(checked) << what;
  }
  EXPECT_TRUE(fs::exists(first));
}

TEST(StagedCheck, CommandsThatAreNotThereAreFound) {
  DiskCluster cluster({.members = 2});
  const auto staged = cluster.stage(DiskCluster::snapshot(), 'a');
  ASSERT_TRUE(staged);
  const Config good = cluster.config;
  for (const char* program : {"/nowhere/start", "/etc", "/etc/passwd", "no-such-program-here"}) {
    for (const bool is_start : {false, true}) {
      cluster.config = good;
      (is_start ? cluster.config.members[1].start : cluster.config.members[1].stop) = {program};
      cluster.reload();
      const auto checked = check_staged(cluster.target, staged->handle, {});
      EXPECT_EQ(code_of(checked), "etcd.bad_command") << program;
      EXPECT_THAT(checked.error().message, HasSubstr(is_start ? "start" : "stop"));
    }
  }
}

TEST(Removal, OnlyDirectoriesWithOurNamesAreRemoved) {
  DiskCluster cluster({.members = 1});
  const fs::path data = cluster.home(0) / "data";
  fs::create_directory(data);
  Staged handle;
  handle.members.push_back({.name = "m1", .live = data, .staged = data});
  EXPECT_EQ(code_of(discard(handle)), "etcd.not_ours");
  Kept kept;
  kept.members.push_back({.name = "m1", .live = data, .backups = {data}});
  EXPECT_EQ(code_of(release(kept)), "etcd.not_ours");
  kept.members[0].backups = {data.string() + "/x/../../data.backup-20260102T030405Z"};
  EXPECT_EQ(code_of(release(kept)), "etcd.not_ours");
  EXPECT_TRUE(fs::exists(data));
}

TEST(Removal, LinkIsRemovedAndNotFollowed) {
  DiskCluster cluster({.members = 1});
  const fs::path precious = cluster.folder() / "precious";
  fs::create_directory(precious);
  std::ofstream(precious / "file") << "x";
  const fs::path link = cluster.home(0) / "data.backup-20260102T030405Z";
  fs::create_directory_symlink(precious, link);
  Kept kept;
  kept.members.push_back({.name = "m1", .live = cluster.home(0) / "data", .backups = {link}});
  EXPECT_TRUE(release(kept));
  EXPECT_FALSE(fs::exists(fs::symlink_status(link)));
  EXPECT_TRUE(fs::exists(precious / "file"));
  EXPECT_TRUE(release(kept)) << "what is gone is fine";
}

Examined examined(const std::string& bytes) {
  auto found = examine(bytes_of(bytes), "snap.db", {.require_trailer = false, .canceled = {}});
  EXPECT_TRUE(found) << found.error().message;
  return found ? *found : Examined{};
}

TEST(Examination, IdentityIsTheSetOfPeerUrls) {
  const Examination found = describe_for({"3.4.23"}, examined(DiskCluster::snapshot()));
  EXPECT_EQ(found.kind, "etcd-snapshot");
  EXPECT_FALSE(found.identity.at("peer_urls").items().empty());
  EXPECT_THAT(found.concerns, IsEmpty());
  EXPECT_THAT(found.contents.at("members"), HasSubstr("a"));
  EXPECT_THAT(found.contents.at("alarms"), HasSubstr("a restore drops them"));
}

TEST(Examination, MissingMembersLeaveTheIdentityUnknown) {
  test::EtcdContent content = test::etcd_content(5);
  content.members.clear();
  EXPECT_TRUE(describe(examined(content.snapshot())).identity.is_null());
}

TEST(Examination, ACorruptionThatAMemberSawIsAConcern) {
  test::EtcdContent content = test::etcd_content(5);
  content.alarm[0].key.back() = 2;
  const Examination found = describe(examined(content.snapshot()));
  ASSERT_THAT(found.concerns, SizeIs(1));
  EXPECT_EQ(found.concerns[0].guard, snapcore::sdk::Guard::kHash);
  EXPECT_THAT(found.concerns[0].message, HasSubstr("CORRUPT"));
}

TEST(Examination, BothCountsOfKeysAreTold) {
  const Examination found = describe(examined(test::etcd_content(20, true).snapshot()));
  EXPECT_THAT(found.contents.at("keys"), HasSubstr("5 now (TOTAL KEYS of etcd 3.6)"));
  EXPECT_EQ(found.contents.at("read by"), "etcd 3.6 and later");
}

TEST(Examination, PlainDatabaseAndOlderServersAreConcerns) {
  using snapcore::sdk::Guard;
  const Examination plain = describe(examined(test::etcd_content(5).database()));
  ASSERT_THAT(plain.concerns, SizeIs(1));
  EXPECT_EQ(plain.concerns[0].guard, Guard::kHash);
  const Examined later = examined(test::etcd_content(5, true).snapshot());
  EXPECT_THAT(describe_for({"3.6.1"}, later).concerns, IsEmpty());
  const Examination old_server = describe_for({"3.4.23"}, later);
  ASSERT_THAT(old_server.concerns, SizeIs(1));
  EXPECT_EQ(old_server.concerns[0].guard, Guard::kVersion);
  const Examination unknown_server = describe_for({}, later);
  ASSERT_THAT(unknown_server.concerns, SizeIs(1));
  EXPECT_EQ(unknown_server.concerns[0].guard, Guard::kVersion);
  EXPECT_THAT(describe(later).concerns, IsEmpty()) << "nobody is going to read it";
}

TEST(Examination, TheEntryOfARaisedRevisionIsNotCountedAsAKey) {
  Examined snapshot = examined(test::etcd_content(20, true).snapshot());
  snapshot.has_raising_entry = true;
  EXPECT_THAT(describe(snapshot).contents.at("keys"),
              HasSubstr("5 now (6 as TOTAL KEYS of etcd 3.6, which takes the entry of a raised "
                        "revision for a key)"));
}

}  // namespace
}  // namespace etcd
