// Held against the real thing: Debian's etcd, etcdctl, and bbolt's own check. Skipped where they
// are missing.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <format/bolt.hpp>
#include <format/bolt_rewrite.hpp>
#include <format/member_dir.hpp>
#include <format/snap_file.hpp>
#include <format/snapshot.hpp>
#include <fstream>
#include <iterator>
#include <random>
#include <snapcore/value.hpp>
#include <sstream>

#include "bolt_file.hpp"
#include "real_server.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
using snapcore::Value;
using test::bytes_in;
using test::have_etcd;
using test::must;
using test::new_folder;
using test::Output;
using test::shell;
using testing::HasSubstr;

bool same_bytes(const fs::path& a, const fs::path& b) {
  const auto left = MappedFile::open(a);
  const auto right = MappedFile::open(b);
  return left && right && text_of(left->bytes()) == text_of(right->bytes());
}

// bbolt's own check over files; built once.
class Bbolt {
 public:
  static const Bbolt& get() {
    static const Bbolt bbolt;
    return bbolt;
  }
  bool available() const { return available_; }
  // `count` databases of many random changes, named 1, 2, ... in the folder, each with a copy.
  void make(const fs::path& folder, int count) const {
    must("for i in $(seq " + std::to_string(count) + "); do " + program_.string() + " make $i " +
         (folder / "$i").string() + "; done");
  }
  // Empty when the check finds nothing. Some damage ends bbolt instead of being reported.
  std::string findings(const fs::path& file) const {
    const Output output = shell(program_.string() + " " + file.string() + " 2>/dev/null");
    if (output.code == 0) return {};
    return output.text.empty() ? "ended without an answer" : output.text;
  }

 private:
  Bbolt() {
    const char* build = std::getenv("SNAPCORE_BUILD");
    program_ =
        fs::path(build ? build : fs::temp_directory_path().c_str()) / "tests" / "bbolt-check";
    constexpr int kMissing = 77;
    const int code =
        shell("\"$SNAPCORE_SOURCE/tests/servers/bbolt-check/build.sh\" " + program_.string()).code;
    EXPECT_TRUE(code == 0 || code == kMissing) << "bbolt-check cannot be built";
    available_ = code != kMissing;
  }
  fs::path program_;
  bool available_ = false;
};

#define SKIP_WITHOUT_BBOLT() \
  if (!Bbolt::get().available()) GTEST_SKIP() << "needs Go and golang-github-coreos-bbolt-dev"

struct Address {
  std::string name;
  std::string client;
  std::string peer;
};

// The members of a cluster laid out by cluster_create.
std::vector<Address> addresses(const fs::path& cluster) {
  std::vector<Address> found;
  std::ifstream file(cluster / "members");
  for (Address a; file >> a.name >> a.client >> a.peer;) {
    found.push_back({a.name, "http://127.0.0.1:" + a.client, "http://127.0.0.1:" + a.peer});
  }
  return found;
}

// A source cluster's snapshot, taken once for all tests of this program.
class RealEtcd : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (!have_etcd()) return;
    source = new_folder();
    const std::string dir = (source / "source").string();
    must("cluster_create " + dir + " 1; cluster_start " + dir + R"SH(
c="etcdctl --endpoints $(cluster_endpoints )SH" +
         dir + R"SH()"
$c snapshot save )SH" +
         (source / "fresh.db").string() + R"SH( >&2
big=$(head -c 300000 /dev/zero | tr '\0' x)
printf '%s' "$big" | $c put big >&2
cluster_put )SH" +
         dir + R"SH( k/ 1 2500
cluster_put )SH" +
         dir + R"SH( k/ 1001 1500
$c del --prefix k/0000 >&2
$c compact 20 >&2
$c del k/001400 >&2
lease=$($c lease grant 3600 | cut -d' ' -f2)
$c put --lease="$lease" leased v >&2
$c role add reader >&2
$c user add root:secret >&2
$c snapshot save )SH" +
         (source / "snap.db").string() + R"SH( >&2
port=${c##*:}
exec 3<>"/dev/tcp/127.0.0.1/$port"
printf 'POST /v3/maintenance/hash HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}' >&3
cat <&3 >)SH" +
         (source / "hash.txt").string() + R"SH(
cluster_kill )SH" +
         dir);
  }
  static void TearDownTestSuite() {
    if (!source.empty()) fs::remove_all(source);
  }

  void SetUp() override {
    SKIP_WITHOUT_ETCD();
    work_ = new_folder();
    must("cluster_create " + (work_ / "new").string() + " 3 newtok");
    addresses_ = addresses(work_ / "new");
    std::vector<InitialMember> members;
    for (const Address& address : addresses_) members.push_back({address.name, {address.peer}});
    cluster_ = make_cluster("newtok", members).value();
  }
  void TearDown() override {
    if (work_.empty()) return;
    shell("cluster_kill " + (work_ / "new").string());
    fs::remove_all(work_);
  }

  // Our three member directories at the places where the new cluster's members look.
  void build_members(const RestoreOptions& options = {}, const char* snapshot = "snap.db") {
    for (const Address& address : addresses_) {
      const MemberDirectory directory{.data_dir = work_ / "new" / address.name / "data",
                                      .wal_dir = std::nullopt,
                                      .owner = std::nullopt};
      ASSERT_TRUE(make_member_directory(directory));
      fs::copy_file(source / snapshot, database_path(directory));
      const auto done = finish_member_directory(directory, cluster_,
                                                find_member(cluster_, address.name)->id, options);
      ASSERT_TRUE(done) << done.error().message;
    }
  }

  // The same by etcdctl, under `place`/NAME.
  void restore_with_etcdctl(const fs::path& place) {
    std::string initial;
    for (const Address& a : addresses_) {
      initial += (initial.empty() ? "" : ",") + a.name + "=" + a.peer;
    }
    for (const Address& a : addresses_) {
      must("etcdctl snapshot restore " + (source / "snap.db").string() + " --name " + a.name +
           " --initial-cluster " + initial + " --initial-cluster-token newtok" +
           " --initial-advertise-peer-urls " + a.peer + " --data-dir " + (place / a.name).string() +
           " 2>/dev/null");
    }
  }

  void start() { must("cluster_start " + (work_ / "new").string()); }
  void kill() { must("cluster_kill " + (work_ / "new").string()); }
  std::string ctl(const std::string& command) {
    return must("etcdctl --endpoints \"$(cluster_endpoints " + (work_ / "new").string() + ")\" " +
                command);
  }
  // The HashKV of every member, without the endpoint.
  std::vector<std::string> hashes() {
    std::istringstream lines(ctl("endpoint hashkv"));
    std::vector<std::string> hashes;
    for (std::string line; std::getline(lines, line);) {
      hashes.push_back(line.substr(line.find(", ") + 2));
    }
    return hashes;
  }

  static inline fs::path source;
  fs::path work_;
  std::vector<Address> addresses_;
  Cluster cluster_;
};

TEST_F(RealEtcd, StatusOfTheToolAndExaminationAgree) {
  for (const char* name : {"fresh.db", "snap.db"}) {
    const auto status = Value::parse(
        must("etcdctl snapshot status -w json " + (source / name).string() + " 2>/dev/null"));
    ASSERT_TRUE(status);
    const auto file = MappedFile::open(source / name).value();
    const auto examined = examine(file.bytes(), name);
    ASSERT_TRUE(examined) << examined.error().message;
    EXPECT_EQ(status->at("hash").uint_or(0), examined->status_hash);
    EXPECT_EQ(status->at("revision").int_or(-1), examined->revision);
    EXPECT_EQ(status->at("totalKey").uint_or(0), examined->total_entries);
    EXPECT_EQ(status->at("totalSize").uint_or(0), examined->database_size);
    EXPECT_TRUE(examined->sha_ok);
    EXPECT_EQ(examined->members.size(), 1u);
    // The server writes it some seconds after its first start.
    EXPECT_THAT(examined->cluster_version, testing::AnyOf("", "3.4.0"));
  }
}

TEST_F(RealEtcd, BackendHashIsTheOneTheServerAnswers) {
  const std::string answer = bytes_in(source / "hash.txt");
  const auto file = MappedFile::open(source / "snap.db").value();
  const auto examined = examine(file.bytes(), "snap.db").value();
  EXPECT_THAT(answer, HasSubstr("\"hash\":" + std::to_string(examined.backend_hash)));
}

TEST_F(RealEtcd, LogAndSnapFileAreByteForByteThoseOfEtcdctl) {
  build_members();
  restore_with_etcdctl(work_ / "reference");
  for (const Address& a : addresses_) {
    const fs::path ours = work_ / "new" / a.name / "data" / "member";
    const fs::path theirs = work_ / "reference" / a.name / "member";
    for (const fs::path& file :
         {fs::path("wal") / wal::kFirstSegment, fs::path("snap") / snap::file_name(cluster_)}) {
      EXPECT_TRUE(same_bytes(ours / file, theirs / file)) << file;
    }
  }
}

TEST_F(RealEtcd, ServersStartOnOurDirectoriesWithTheDataOfEtcdctl) {
  build_members();
  start();
  const auto ours = hashes();
  ASSERT_EQ(ours.size(), 3u);
  EXPECT_EQ(ours[0], ours[1]);
  EXPECT_EQ(ours[0], ours[2]);
  EXPECT_EQ(must("cluster_count " + (work_ / "new").string() + " k/"), "2400");
  EXPECT_EQ(ctl("get --print-value-only k/001200"), "value-1200");
  const std::string list = ctl("member list");
  for (const Member& member : cluster_.members) EXPECT_THAT(list, HasSubstr(id_text(member.id)));
  EXPECT_EQ(std::count(list.begin(), list.end(), '\n'), 2) << list;
  const auto status = Value::parse(ctl("endpoint status -w json")).value();
  for (const Value& endpoint : status.items()) {
    EXPECT_EQ(endpoint.at("Status").at("header").at("cluster_id").uint_or(0), cluster_.id);
  }
  EXPECT_EQ(ctl("put after restore"), "OK");
  kill();

  for (const Address& a : addresses_) fs::remove_all(work_ / "new" / a.name / "data");
  restore_with_etcdctl(work_ / "reference");
  for (const Address& a : addresses_) {
    fs::rename(work_ / "reference" / a.name, work_ / "new" / a.name / "data");
  }
  start();
  EXPECT_EQ(hashes(), ours);
}

TEST_F(RealEtcd, ServersStartWithABumpedRevisionAndRefuseTheOldOnes) {
  build_members({.bump = RevisionBump{.by = 1'000'000'000}, .keep_alarms = false});
  start();
  const auto file = MappedFile::open(source / "snap.db").value();
  const std::int64_t old = examine(file.bytes(), "snap.db").value().revision;
  const auto answer = Value::parse(ctl("get k/001200 -w json")).value();
  EXPECT_EQ(answer.at("header").at("revision").int_or(0), old + 1'000'000'000);
  EXPECT_EQ(must("cluster_count " + (work_ / "new").string() + " k/"), "2400");
  const Output stale =
      shell("etcdctl --endpoints \"$(cluster_endpoints " + (work_ / "new").string() +
            ")\" get k/001200 --rev " + std::to_string(old) + " 2>&1");
  EXPECT_THAT(stale.text, HasSubstr("compacted"));
  EXPECT_EQ(ctl("put after restore"), "OK");
  const auto equal = hashes();
  EXPECT_EQ(equal[0], equal[1]);
  EXPECT_EQ(equal[0], equal[2]);
}

TEST_F(RealEtcd, ServersStartOnTheSnapshotOfAFreshCluster) {
  build_members({.bump = RevisionBump{.by = 10}, .keep_alarms = false}, "fresh.db");
  start();
  EXPECT_EQ(ctl("put first key"), "OK");
}

TEST_F(RealEtcd, BboltAcceptsWhatWeWrite) {
  SKIP_WITHOUT_BBOLT();
  for (const bool bump : {false, true}) {
    RestoreOptions options;
    if (bump) options.bump = RevisionBump{.by = 5};
    build_members(options);
    for (const Address& a : addresses_) {
      const fs::path data = work_ / "new" / a.name / "data";
      EXPECT_EQ(Bbolt::get().findings(data / "member" / "snap" / "db"), "");
      fs::remove_all(data);
    }
  }
}

// A server went on writing the rewritten database: splits, merges, freed pages. Ours still reads
// it.
TEST_F(RealEtcd, ADatabaseThatServersWentOnWritingIsStillWhole) {
  build_members({.bump = RevisionBump{.by = 5, .mark_compacted = false}, .keep_alarms = false});
  start();
  const std::string dir = (work_ / "new").string();
  must("cluster_put " + dir + " k/ 1 1200");
  ctl("del --prefix k/002 >&2");
  const fs::path snapshot = work_ / "again.db";
  must("etcdctl --endpoints \"$(cluster_endpoints " + dir + " | cut -d, -f1)\" snapshot save " +
       snapshot.string() + " >&2 2>/dev/null");
  kill();
  const auto file = MappedFile::open(snapshot).value();
  const auto examined = examine(file.bytes(), "again.db");
  ASSERT_TRUE(examined) << examined.error().message;
  EXPECT_EQ(examined->members.size(), 3u);
  for (const Address& a : addresses_) {
    const auto db = MappedFile::open(work_ / "new" / a.name / "data/member/snap/db").value();
    const ExamineOptions raw{.require_trailer = false, .check_hash = false, .canceled = {}};
    const auto live = examine(db.bytes(), "db", raw);
    EXPECT_TRUE(live) << live.error().message;
  }
}

// Nested buckets, values over many pages, emptied pages, freelists, and now and then a bucket whose
// pages bbolt forgot to free: the two checks agree on every file bbolt writes.
TEST(BboltDifferential, TheChecksAgreeOnWhateverBboltWrites) {
  SKIP_WITHOUT_BBOLT();
  constexpr int kDatabases = 20;
  const fs::path folder = new_folder();
  Bbolt::get().make(folder, kDatabases);
  int with_freelist = 0;
  int whole = 0;
  for (int i = 1; i <= kDatabases; ++i) {
    const bool accepted = Bbolt::get().findings(folder / std::to_string(i)).empty();
    whole += accepted ? 1 : 0;
    for (const std::string& name : {std::to_string(i), std::to_string(i) + ".copy"}) {
      const auto file = MappedFile::open(folder / name).value();
      const auto database = bolt::Database::open(file.bytes());
      ASSERT_TRUE(database) << name << ": " << database.error().message;
      const bolt::Findings findings = database->check();
      EXPECT_EQ(findings.clean(), accepted)
          << "seed " << name << ": " << (findings.first.empty() ? "" : findings.first.front());
      with_freelist += database->meta().freelist == bolt::kNoFreelist ? 0 : 1;
    }
  }
  EXPECT_GT(whole, kDatabases / 2);
  EXPECT_GT(with_freelist, 0);
  EXPECT_LT(with_freelist, 2 * kDatabases);
  fs::remove_all(folder);
}

// The two checks side by side on files that are broken in one place each. Ours may find more, never
// less.
TEST(BboltDifferential, WhateverBboltFindsWeFind) {
  SKIP_WITHOUT_BBOLT();
  const fs::path folder = new_folder();
  const std::string good = test::etcd_content(60).database();
  std::mt19937 random(7);
  std::vector<std::string> ours;
  std::string paths;
  for (int i = 0; i < 400; ++i) {
    std::string bad = good;
    if (i > 0) {
      const std::size_t page = 2 + random() % (good.size() / 1024 - 2);
      const std::size_t at = page * 1024 + random() % (i % 2 == 0 ? 112 : 1024);
      bad[at] = static_cast<char>(bad[at] ^ (1 << (random() % 8)));
    }
    const fs::path path = folder / std::to_string(i);
    std::ofstream(path, std::ios::binary) << bad;
    paths += " " + path.string();
    const auto database = bolt::Database::open(bytes_of(bad));
    const auto found = database ? database->check()
                                : bolt::Findings{.first = {"not opened"}, .kinds = {}, .count = 1};
    ours.push_back(found.clean() ? "" : found.first.front());
  }
  EXPECT_EQ(ours.front(), "");
  EXPECT_EQ(Bbolt::get().findings(folder / "0"), "");
  int both = 0;
  for (std::size_t i = 1; i < ours.size(); ++i) {
    // One process each: bbolt answers some of these with a fault that ends it.
    if (i % 8 != 0 && !ours[i].empty()) continue;
    const std::string theirs = Bbolt::get().findings(folder / std::to_string(i));
    if (!theirs.empty()) {
      EXPECT_NE(ours[i], "") << i << ": bbolt says " << theirs;
      ++both;
    }
  }
  EXPECT_GT(both, 0);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace etcd
