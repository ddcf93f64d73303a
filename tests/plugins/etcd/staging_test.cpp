// New member directories beside the live ones, and everything that must not become one.
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <format/wal.hpp>
#include <fstream>
#include <sstream>

#include "disk_cluster.hpp"
#include "format/history.hpp"
#include "place.hpp"
#include "raising.hpp"
#include "staged_check.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
using test::code_of;
using test::DiskCluster;
using test::Layout;
using testing::HasSubstr;
using testing::SizeIs;

// Acts as nobody for a while, where the test runs as root.
class AsNobody {
 public:
  AsNobody() : possible_(::geteuid() == 0 && ::seteuid(65534) == 0) {}
  ~AsNobody() {
    if (possible_) (void)::seteuid(0);
  }
  bool possible() const { return possible_; }

 private:
  bool possible_;
};

TEST(Staging, DirectoriesStandBesideTheLiveOnesClosedToOthers) {
  for (const Layout layout : {Layout::kPlain, Layout::kWalBeside, Layout::kWalWithin,
                              Layout::kMount, Layout::kMountsForBoth}) {
    DiskCluster cluster({.members = 3, .layout = layout});
    if (!cluster.usable()) continue;
    const auto staged = cluster.stage(DiskCluster::snapshot(), 'a');
    ASSERT_TRUE(staged) << staged.error().message;
    EXPECT_THAT(staged->handle.members, SizeIs(3));
    EXPECT_EQ(cluster.staging_undo.directories, staged_directories(staged->handle));
    for (const std::string& directory : staged_directories(staged->handle)) {
      EXPECT_THAT(directory, HasSubstr(".snapcore-20260102T030405Z-aaaaaaaa"));
      struct stat is = {};
      ASSERT_EQ(::lstat(directory.c_str(), &is), 0) << directory;
      EXPECT_EQ(is.st_mode & 07777, 0700u);
    }
    EXPECT_TRUE(check_staged(cluster.target, staged->handle, {}));
  }
}

TEST(Staging, TokenIsFreshUnlessAskedForAndTheSameForTheSameCall) {
  DiskCluster cluster({.members = 3});
  const auto id = [&](char key, const StagingOptions& options = {}) {
    auto staged = cluster.stage(DiskCluster::snapshot(), key, options);
    EXPECT_TRUE(staged) << staged.error().message;
    EXPECT_TRUE(discard(staged->handle));
    return staged->expected.cluster_id;
  };
  EXPECT_EQ(id('a'), id('a'));
  EXPECT_NE(id('a'), id('b'));
  EXPECT_EQ(id('a', {.token = "x"}), id('b', {.token = "x"}));
  cluster.config.token = "x";
  cluster.reload();
  EXPECT_EQ(id('a'), id('b', {.token = "x"}));
  EXPECT_NE(id('a'), id('a', {.token = "y"}));
}

TEST(Staging, ExpectationNamesIdsMembersAndRevision) {
  DiskCluster cluster({.members = 2});
  const auto plain = cluster.stage(DiskCluster::snapshot(), 'a');
  const auto bumped = cluster.stage(DiskCluster::snapshot(), 'b', {.bump_revision = 1000});
  ASSERT_TRUE(plain && bumped);
  EXPECT_THAT(plain->expected.members, SizeIs(2));
  EXPECT_GT(plain->expected.revision, 1);
  EXPECT_EQ(bumped->expected.revision, plain->expected.revision + 1000);
  EXPECT_EQ(bumped->expected.compact_revision, bumped->expected.revision);
}

TEST(Staging, DataOfKubernetesRaisesTheRevisionUnlessToldOtherwise) {
  DiskCluster cluster({.members = 1});
  test::History history;
  history.put("/registry/pods/default/web", test::envelope("v1", "Pod", "default", "web"));
  const std::string objects = history.content().snapshot();
  const auto usual = cluster.stage(objects, 'a');
  const auto none = cluster.stage(objects, 'b', {.bump_revision = 0});
  ASSERT_TRUE(usual && none);
  EXPECT_EQ(none->expected.revision, 2);
  EXPECT_EQ(usual->expected.revision, 2 + kUsualBump);
  EXPECT_EQ(usual->expected.compact_revision, usual->expected.revision);
  EXPECT_THAT(usual->words,
              testing::Contains("raised the revision by 1000000000 and compacted, since the data "
                                "is that of Kubernetes"));
  EXPECT_THAT(none->words, testing::Contains("left the revision as it is, as asked"));
  const auto other = cluster.stage(DiskCluster::snapshot(), 'c');
  EXPECT_THAT(other->words, testing::Contains("left the revision as it is, since none of the data "
                                              "is of Kubernetes"));
}

void put_live(const DiskCluster& cluster, const test::History& history) {
  const fs::path member = cluster.target.members[0].data_dir / "member";
  fs::create_directories(member / "snap");
  fs::create_directories(member / "wal");
  std::ofstream(member / "wal/0.wal") << "log";
  std::ofstream(member / "snap/db", std::ios::binary) << history.content().database();
}

// A second restore of the same snapshot: what watches knew in between must be below it, too.
TEST(Staging, TheRevisionIsRaisedAboveThatOfTheDataItReplaces) {
  DiskCluster cluster({.members = 1});
  test::History history;
  history.put("/registry/pods/default/web", test::envelope("v1", "Pod", "default", "web"));
  const std::string objects = history.content().snapshot();
  for (int i = 0; i < 40; ++i)
    history.put("/registry/pods/default/later" + std::to_string(i), std::to_string(i));
  put_live(cluster, history);
  const auto staged = cluster.stage(objects, 'a');
  ASSERT_TRUE(staged) << staged.error().message;
  EXPECT_EQ(staged->expected.revision, 2 + 40 + kUsualBump);
}

TEST(Staging, ARaiseAsAskedThatEndsBelowTheDataItReplacesSaysWhatWouldBeEnough) {
  DiskCluster cluster({.members = 1});
  test::History history;
  history.put("/registry/pods/default/web", test::envelope("v1", "Pod", "default", "web"));
  const std::string objects = history.content().snapshot();
  for (int i = 0; i < 40; ++i)
    history.put("/registry/pods/default/later" + std::to_string(i), std::to_string(i));
  put_live(cluster, history);
  const auto low = cluster.stage(objects, 'a', {.bump_revision = 7});
  const auto high = cluster.stage(objects, 'b', {.bump_revision = 70});
  ASSERT_TRUE(low && high);
  EXPECT_EQ(low->expected.revision, 2 + 7);
  EXPECT_THAT(low->words, testing::Contains(
                              "raised the revision by 7 and compacted, as asked: the restored data "
                              "comes to revision 9, and the target was at 42: a watch that goes on "
                              "from there waits for ever; bump_revision=1000000040 is enough"));
  EXPECT_THAT(high->words, testing::Contains("raised the revision by 70 and compacted, as asked"));
}

TEST(Staging, TheAlarmCorruptIsNeverDroppedInSilence) {
  DiskCluster cluster({.members = 1});
  test::EtcdContent content = test::etcd_content(40);
  content.alarm[0].key.back() = 2;
  EXPECT_EQ(code_of(cluster.stage(content.snapshot(), 'a')), "etcd.corrupt_alarm");
  const auto waived = cluster.stage(content.snapshot(), 'a', {.accept_corrupt_alarm = true});
  ASSERT_TRUE(waived) << waived.error().message;
  EXPECT_THAT(waived->words, testing::Contains(HasSubstr("taken although member a1")));
  EXPECT_THAT(waived->words, testing::Contains(HasSubstr("dropped the alarm CORRUPT")));
}

TEST(Staging, WhatAnOlderServerMayNotReadIsRefusedBeforeAnythingStops) {
  DiskCluster cluster({.members = 1});
  const std::string later = test::etcd_content(40, true).snapshot();
  EXPECT_EQ(code_of(cluster.stage(later, 'a')), "etcd.unknown_server");
  EXPECT_EQ(code_of(cluster.stage(later, 'a', {.accept_older_server = true})), "fine");
  cluster.config.server_version = "3.6.4";
  cluster.reload();
  EXPECT_EQ(code_of(cluster.stage(later, 'a')), "fine");
  cluster.config.server_version = "3.5.17";
  cluster.reload();
  EXPECT_EQ(code_of(cluster.stage(later, 'a')), "etcd.older_server");
  EXPECT_EQ(code_of(cluster.stage(later, 'a', {.accept_older_server = true})), "fine");
}

TEST(Staging, WhatAnEarlierAttemptLeftIsReplaced) {
  DiskCluster cluster({.members = 1});
  const auto first = cluster.stage(DiskCluster::snapshot(), 'a');
  ASSERT_TRUE(first);
  std::ofstream(fs::path(first->handle.members[0].staged) / "member" / "half") << "x";
  const auto second = cluster.stage(DiskCluster::snapshot(), 'a');
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_FALSE(fs::exists(fs::path(second->handle.members[0].staged) / "member" / "half"));
}

TEST(Staging, BadBytesLeaveNothingBehind) {
  const std::string good = DiskCluster::snapshot();
  const std::string database = test::etcd_content(40).database();
  std::string flipped = good;
  flipped[flipped.size() / 2] = static_cast<char>(flipped[flipped.size() / 2] ^ 1);
  // The digest fits, the pages do not.
  std::string torn = database;
  torn.replace(3 * 1024, 1024, std::string(1024, 'x'));
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "etcd.snapshot_empty"},
      {good.substr(0, 5000), "etcd.snapshot_truncated"},
      {database, "etcd.snapshot_no_trailer"},
      {flipped, "etcd.snapshot_hash_mismatch"},
      {test::with_digest(torn), "etcd.snapshot_damaged"},
      {test::with_digest(std::string(4096, '\0')), "etcd.not_a_snapshot"},
      {std::string(4096, 'x'), "etcd.snapshot_no_trailer"},
      {"hello", "etcd.snapshot_truncated"}};
  DiskCluster cluster({.members = 3});
  const auto before = cluster.tree();
  for (const auto& [bytes, code] : cases) {
    const auto staged = cluster.stage(bytes, 'a');
    EXPECT_EQ(code_of(staged), code);
    if (staged) continue;
    EXPECT_THAT(staged.error().message, HasSubstr("snap.db"));
    EXPECT_FALSE(staged.error().hint.empty()) << code;
    EXPECT_EQ(cluster.tree(), before) << code;
  }
}

TEST(Staging, PlainDatabaseIsStagedWhenTheHashIsWaived) {
  DiskCluster cluster({.members = 1});
  const std::string database = test::etcd_content(40).database();
  EXPECT_TRUE(cluster.stage(database, 'a', {.accept_no_trailer = true}));
  EXPECT_EQ(code_of(cluster.stage(database.substr(0, 512 * 9), 'b', {.accept_no_trailer = true})),
            "etcd.snapshot_truncated");
}

// The source breaks, or gives more or fewer bytes than the plan said.
TEST(Staging, StreamThatMisbehavesLeavesNothingBehind) {
  DiskCluster cluster({.members = 2});
  const auto before = cluster.tree();
  const std::string bytes = DiskCluster::snapshot();
  for (const int manner : {0, 1, 2}) {
    std::size_t at = 0;
    const auto staged =
        stage(cluster.target, {},
              {.name = "snap.db",
               .size = manner == 1 ? bytes.size() - 1 : bytes.size() + (manner == 2 ? 1 : 0),
               .stamp = cluster.stamp,
               .key = std::string(64, 'a'),
               .read = [&](std::span<std::byte> into) -> Result<std::size_t> {
                 if (manner == 0 && at > 3000)
                   return snapcore::fail({.code = "test.broken", .message = "cable"});
                 const std::size_t size = bytes.copy(reinterpret_cast<char*>(into.data()),
                                                     std::min<std::size_t>(1000, into.size()), at);
                 at += size;
                 return size;
               },
               .record_undo = [](const StagingUndo&) { return Result<>(); }});
    EXPECT_EQ(code_of(staged), manner == 0 ? "test.broken" : "etcd.snapshot_truncated");
    EXPECT_EQ(cluster.tree(), before);
  }
}

TEST(Staging, NothingIsMadeBeforeTheUndoIsRecorded) {
  DiskCluster cluster({.members = 2});
  const auto before = cluster.tree();
  const auto staged = stage(cluster.target, {},
                            {.name = "snap.db",
                             .size = {},
                             .stamp = cluster.stamp,
                             .key = std::string(64, 'a'),
                             .read = [](std::span<std::byte>) { return Result<std::size_t>(0); },
                             .record_undo = [&](const StagingUndo& undo) -> Result<> {
                               EXPECT_THAT(undo.directories, SizeIs(2));
                               EXPECT_EQ(cluster.tree(), before);
                               return snapcore::fail({.code = "test.full", .message = "journal"});
                             }});
  EXPECT_EQ(code_of(staged), "test.full");
  EXPECT_EQ(cluster.tree(), before);
}

TEST(Staging, FullDiskIsSaidAndNothingIsLeft) {
  DiskCluster cluster({.members = 2});
  const fs::path small = cluster.folder() / "small";
  fs::create_directory(small);
  const snapcore::fakes::SmallDisk disk(small, "8k");
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount";
  cluster.config.members[1].data_dir = small / "data";
  cluster.reload();
  const auto before = cluster.tree();

  const auto staged = cluster.stage(DiskCluster::snapshot(), 'a');

  EXPECT_EQ(code_of(staged), "files.no_space");
  EXPECT_THAT(staged.error().message, HasSubstr(small.string()));
  EXPECT_THAT(staged.error().hint, HasSubstr("nothing live was touched"));
  EXPECT_EQ(cluster.tree(), before);
  const auto needs = space_needed(cluster.target, 1 << 20);
  ASSERT_TRUE(needs);
  ASSERT_THAT(*needs, SizeIs(2));
  for (const SpaceNeed& need : *needs) {
    if (need.mount_point != small) continue;
    EXPECT_LT(need.free, need.needed);
  }
}

TEST(Staging, SpaceOfOneFileSystemAddsUp) {
  DiskCluster one({.members = 1});
  DiskCluster three({.members = 3});
  const auto single = space_needed(one.target, 1 << 20).value();
  const auto triple = space_needed(three.target, 1 << 20).value();
  ASSERT_THAT(single, SizeIs(1));
  ASSERT_THAT(triple, SizeIs(1));
  EXPECT_EQ(triple[0].needed, 3 * single[0].needed);
}

TEST(Staging, DirectoriesThatCannotBeUsedAreRefusedWhilePlanning) {
  DiskCluster cluster({.members = 2});
  cluster.config.members[1].data_dir = cluster.folder() / "missing" / "data";
  cluster.reload();
  EXPECT_EQ(code_of(space_needed(cluster.target, 1)), "etcd.no_parent_directory");

  const fs::path file = cluster.folder() / "file";
  std::ofstream(file) << "x";
  cluster.config.members[1].data_dir = file;
  cluster.reload();
  EXPECT_EQ(code_of(space_needed(cluster.target, 1)), "etcd.bad_directory");

  cluster.config.members[1].data_dir = cluster.home(1) / "data";
  cluster.config.members[1].owner = "no-such-user-here";
  cluster.reload();
  EXPECT_EQ(code_of(space_needed(cluster.target, 1)), "etcd.unknown_owner");
}

TEST(Staging, ReadOnlyFileSystemIsRefusedWhilePlanning) {
  DiskCluster cluster({.members = 1, .layout = Layout::kMount});
  const std::string data = cluster.config.members[0].data_dir;
  if (!cluster.usable() || ::mount("tmpfs", data.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, "") != 0)
    GTEST_SKIP() << "needs the right to mount";
  EXPECT_EQ(code_of(space_needed(cluster.target, 1)), "etcd.read_only");
}

TEST(Staging, ForeignDirectoriesAreRefusedWhilePlanning) {
  DiskCluster cluster({.members = 1});
  fs::create_directory(cluster.home(0) / "data");
  fs::permissions(cluster.folder(), fs::perms::all);
  const AsNobody nobody;
  if (!nobody.possible()) GTEST_SKIP() << "needs root";
  EXPECT_EQ(code_of(space_needed(cluster.target, 1)), "etcd.not_writable");

  ASSERT_EQ(::seteuid(0), 0);
  fs::permissions(cluster.home(0), fs::perms::all | fs::perms::sticky_bit);
  ASSERT_EQ(::seteuid(65534), 0);
  EXPECT_EQ(code_of(space_needed(cluster.target, 1)), "etcd.foreign_owned");

  ASSERT_EQ(::seteuid(0), 0);
  fs::permissions(cluster.home(0), fs::perms::all);
  ASSERT_EQ(::seteuid(65534), 0);
  const auto verdict = space_needed(cluster.target, 1);
  EXPECT_EQ(code_of(verdict), "etcd.foreign_owned");
  EXPECT_THAT(verdict.error().message, HasSubstr("65534"));
}

TEST(Staging, OwnerIsThatOfThePresentDirectoryUnlessNamed) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  DiskCluster cluster({.members = 2});
  const fs::path data = cluster.home(0) / "data";
  fs::create_directory(data);
  ASSERT_EQ(::chown(data.c_str(), 1234, 4321), 0);
  cluster.config.members[1].owner = "77:88";
  cluster.reload();
  const auto staged = cluster.stage(DiskCluster::snapshot(), 'a');
  ASSERT_TRUE(staged) << staged.error().message;
  const std::pair<uid_t, gid_t> wanted[] = {{1234, 4321}, {77, 88}};
  for (std::size_t i = 0; i < 2; ++i) {
    for (const auto& entry : fs::recursive_directory_iterator(staged->handle.members[i].staged)) {
      struct stat is = {};
      ::lstat(entry.path().c_str(), &is);
      EXPECT_EQ(std::make_pair(is.st_uid, is.st_gid), wanted[i]) << entry.path();
    }
  }
  EXPECT_TRUE(check_staged(cluster.target, staged->handle, {}));
}

TEST(Staging, LogThatTheSiteDoesNotNameIsNoticed) {
  DiskCluster cluster({.members = 1});
  const fs::path data = cluster.home(0) / "data";
  fs::create_directories(data / "member" / "snap");
  std::ofstream(data / "member" / "snap" / "db") << "x";
  EXPECT_EQ(code_of(space_needed(cluster.target, 1)), "etcd.wal_dir_unknown");

  fs::create_directories(data / "member" / "wal");
  std::ofstream(data / "member" / "wal" / "0.wal") << "x";
  EXPECT_EQ(code_of(space_needed(cluster.target, 1)), "fine");

  cluster.config.members[0].wal_dir = cluster.home(0) / "log";
  cluster.reload();
  EXPECT_EQ(code_of(space_needed(cluster.target, 1)), "etcd.wal_dir_wrong");
}

TEST(Staging, MountInsideOfTheDataDirectoryIsRefused) {
  DiskCluster cluster({.members = 1});
  const fs::path wal = cluster.home(0) / "data" / "member" / "wal";
  fs::create_directories(wal);
  const snapcore::fakes::SmallDisk disk(wal, "1m");
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount";
  EXPECT_EQ(code_of(space_needed(cluster.target, 1)), "etcd.mount_inside");
}

// Such as /var/lib in the place of /var/lib/etcd: all that is in it would be put aside.
TEST(Staging, DirectoriesThatHoldOtherThingsAreNotTakenForThoseOfEtcd) {
  DiskCluster cluster({.members = 1, .layout = Layout::kWalBeside});
  const TargetMember& member = cluster.target.members[0];
  const auto verdict = [&] {
    const auto place = locate(member);
    EXPECT_TRUE(place);
    return place ? check_place(*place) : Result<>();
  };
  fs::create_directories(member.data_dir / "postgres");
  fs::create_directories(*member.wal_dir);
  EXPECT_EQ(code_of(verdict()), "etcd.not_a_data_dir");
  EXPECT_THAT(verdict().error().message,
              HasSubstr("holds postgres and no 'member': it is no data directory of etcd"));
  fs::create_directories(member.data_dir / "member");
  EXPECT_TRUE(verdict());
  std::ofstream(*member.wal_dir / "snap.db") << "precious";
  EXPECT_EQ(code_of(verdict()), "etcd.not_a_wal_dir");
  std::ofstream(*member.wal_dir / "0000000000000000-0000000000000000.wal") << "x";
  EXPECT_TRUE(verdict());
  fs::remove_all(member.data_dir);
  fs::create_directories(member.data_dir / "lost+found");
  fs::create_directories(member.data_dir / "member.backup-20260102T030405Z");
  EXPECT_TRUE(verdict()) << "a new file system, and what an earlier restore kept";
}

TEST(Staging, ADirectoryThatIsMountedInAnotherMembersIsRefused) {
  DiskCluster cluster({.members = 2});
  const fs::path outer = cluster.home(0) / "data", inner = cluster.home(1) / "data";
  fs::create_directories(outer / "sub");
  fs::create_directories(inner);
  if (::mount((outer / "sub").c_str(), inner.c_str(), nullptr, MS_BIND, nullptr) != 0)
    GTEST_SKIP() << "may not mount";
  const auto target = make_target(cluster.config);
  ::umount(inner.c_str());
  ASSERT_FALSE(target);
  EXPECT_EQ(target.error().code, "etcd.inconsistent_members");
  EXPECT_THAT(target.error().message, HasSubstr(" of member m2 lies in the data_dir "));
  EXPECT_TRUE(make_target(cluster.config));
}

TEST(Staging, ALinkToWhatIsNotThereIsCalledThat) {
  DiskCluster cluster({.members = 1});
  const fs::path data = cluster.home(0) / "data";
  fs::create_directory_symlink("/nowhere/disk", data);
  const auto place = locate(cluster.target.members[0]);
  ASSERT_FALSE(place);
  EXPECT_THAT(place.error().message, HasSubstr("is a link to /nowhere/disk, which is not there"));
}

TEST(Staging, LinkedDataDirectoryIsStagedWhereItPoints) {
  DiskCluster cluster({.members = 1});
  const fs::path elsewhere = cluster.folder() / "elsewhere";
  fs::create_directories(elsewhere / "etcd");
  fs::create_directory_symlink(elsewhere / "etcd", cluster.home(0) / "data");
  const auto staged = cluster.stage(DiskCluster::snapshot(), 'a');
  ASSERT_TRUE(staged) << staged.error().message;
  EXPECT_EQ(fs::path(staged->handle.members[0].staged).parent_path(), elsewhere);
}

// --- a long copy that is gone on with

std::string text_of_file(const fs::path& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

struct LongCopy : testing::Test {
  DiskCluster cluster{{.members = 3}};
  const std::string bytes = DiskCluster::snapshot(400);
  const std::string stamp = "20260102T030405Z";
  const std::string key = std::string(64, 'c');
  std::uint64_t checkpoint = 0;
  std::string rehashed;
  std::size_t at = 0;

  StagingWork work(std::uint64_t resume_at, std::size_t stop_at = SIZE_MAX) {
    at = resume_at;
    rehashed.clear();
    return {.name = "snap.db",
            .size = bytes.size(),
            .stamp = stamp,
            .key = key,
            .read = [this, stop_at](std::span<std::byte> into) -> Result<std::size_t> {
              if (at >= stop_at) ::_exit(0);  // as if killed
              const std::size_t size = bytes.copy(reinterpret_cast<char*>(into.data()),
                                                  std::min<std::size_t>(into.size(), 5000), at);
              at += size;
              return size;
            },
            .record_undo = [](const StagingUndo&) -> Result<> { return {}; },
            .resume_at = resume_at,
            .rehash = [this](std::span<const std::byte> prefix) -> Result<> {
              rehashed.append(reinterpret_cast<const char*>(prefix.data()), prefix.size());
              return {};
            },
            .checkpoint = [this](std::uint64_t done) -> Result<> {
              std::ofstream(cluster.folder() / "checkpoint") << done;
              return {};
            },
            .checkpoint_every = 20000};
  }

  // A child is killed once it has read so much; what it noted is the checkpoint.
  void kill_at(std::size_t stop_at) {
    fs::remove(cluster.folder() / "checkpoint");
    const pid_t child = ::fork();
    if (child == 0) {
      (void)etcd::stage(cluster.target, {}, work(0, stop_at));
      ::_exit(1);
    }
    ::waitpid(child, nullptr, 0);
    checkpoint = 0;
    std::ifstream(cluster.folder() / "checkpoint") >> checkpoint;
  }
  std::vector<std::string> databases(const Staged& staged) const {
    std::vector<std::string> all;
    for (const std::string& directory : staged_directories(staged))
      all.push_back(text_of_file(fs::path(directory) / "member/snap/db"));
    return all;
  }
};

TEST_F(LongCopy, GoesOnWhereItsLastCheckpointWas) {
  const auto whole = etcd::stage(cluster.target, {}, work(0));
  ASSERT_TRUE(whole) << whole.error().message;
  const auto wanted = databases(whole->handle);
  ASSERT_TRUE(discard(whole->handle));
  int gone_on = 0;
  for (std::size_t stop_at = 0; stop_at < bytes.size(); stop_at += 7000) {
    kill_at(stop_at);
    EXPECT_LE(checkpoint, stop_at + 5000);
    const std::uint64_t before = copied_before(cluster.target, stamp, key, checkpoint);
    EXPECT_EQ(before, checkpoint);
    const auto staged = etcd::stage(cluster.target, {}, work(before));
    ASSERT_TRUE(staged) << staged.error().message;
    EXPECT_EQ(rehashed, bytes.substr(0, before));
    EXPECT_EQ(databases(staged->handle), wanted) << "killed at " << stop_at;
    EXPECT_TRUE(check_staged(cluster.target, staged->handle, {}));
    gone_on += before > 0 ? 1 : 0;
    ASSERT_TRUE(discard(staged->handle));
  }
  EXPECT_GT(gone_on, 3);
}

TEST_F(LongCopy, BeginsAnewWhenACopyIsShorterThanItsCheckpoint) {
  kill_at(bytes.size() - 1);
  ASSERT_GT(checkpoint, 0U);
  EXPECT_EQ(copied_before(cluster.target, stamp, std::string(64, 'd'), checkpoint), 0U);
  EXPECT_EQ(copied_before(cluster.target, stamp, key, bytes.size() * 2), 0U);
  for (const auto& entry : fs::recursive_directory_iterator(cluster.folder())) {
    if (entry.path().filename() == "db" &&
        entry.path().string().find(".snapcore-") != std::string::npos) {
      fs::resize_file(entry.path(), checkpoint - 1);
      break;
    }
  }
  EXPECT_EQ(copied_before(cluster.target, stamp, key, checkpoint), 0U);
}

TEST_F(LongCopy, CopiesThatWentApartAreMadeToAgree) {
  const auto whole = etcd::stage(cluster.target, {}, work(0));
  ASSERT_TRUE(whole);
  const auto wanted = databases(whole->handle);
  ASSERT_TRUE(discard(whole->handle));
  kill_at(bytes.size() - 1);
  ASSERT_GT(checkpoint, 0U);
  const std::string last = staged_directories(whole->handle).back() + "/member/snap/db";
  std::fstream(last, std::ios::in | std::ios::out).seekp(100) << "not what was read";
  const auto staged = etcd::stage(cluster.target, {}, work(checkpoint));
  ASSERT_TRUE(staged) << staged.error().message;
  EXPECT_EQ(databases(staged->handle), wanted);
}

}  // namespace
}  // namespace etcd
