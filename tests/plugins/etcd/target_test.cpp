// What a site may say about a cluster, and the small things that read it.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <snapcore/sdk/fields.hpp>
#include <staged.hpp>
#include <target.hpp>
#include <trailer.hpp>
#include <versions.hpp>

#include "../../fakes/scratch.hpp"
#include "format/bolt_file.hpp"

namespace etcd {
namespace {

using snapcore::Value;
using testing::HasSubstr;

MemberConfig member(int i) {
  const std::string n = std::to_string(i);
  return {.name = "m" + n,
          .peer = {{"https://10.0.0." + n + ":2380"}},
          .client = {{"https://10.0.0." + n + ":2379"}},
          .data_dir = "/var/lib/etcd" + n,
          .wal_dir = {},
          .start = {"systemctl", "start", "--no-block", "etcd"},
          .stop = {"systemctl", "stop", "etcd"},
          .owner = {}};
}

Config three() {
  Config config;
  config.members = {member(1), member(2), member(3)};
  return config;
}

std::string code_of(const Config& config) {
  const auto target = make_target(config);
  return target ? "fine" : target.error().code;
}

TEST(Target, ReadsWhatASiteSays) {
  const auto config = snapcore::sdk::from_value<Config>(
      Value::parse(R"({"members": [{"name": "a", "peer": "http://h:2380",
        "client": ["http://h:2379", "http://[::1]:2379/"], "data_dir": "/data/a/",
        "start": ["/bin/start"], "stop": ["/bin/stop"]}], "stop_timeout": "5m"})")
          .value());
  ASSERT_TRUE(config) << config.error().message;
  const auto target = make_target(*config);
  ASSERT_TRUE(target) << target.error().message;
  const TargetMember& only = target->members.front();
  EXPECT_EQ(only.data_dir, "/data/a");
  EXPECT_EQ(only.clients[1].host, "::1");
  EXPECT_EQ(only.clients[1].text, "http://[::1]:2379");
  EXPECT_EQ(target->stop_timeout, std::chrono::minutes(5));
  EXPECT_EQ(target->start_timeout, std::chrono::seconds(60));
  EXPECT_EQ(target->health_timeout, std::chrono::seconds(120));
}

TEST(Target, DefaultWalDirectoryIsNoSeparateOne) {
  Config config = three();
  config.members[0].wal_dir = "/var/lib/etcd1/member/wal";
  config.members[1].wal_dir = "/var/lib/etcd2/wal";
  config.members[2].wal_dir = "/fast/etcd3";
  const Target target = make_target(config).value();
  EXPECT_FALSE(target.members[0].wal_dir);
  EXPECT_EQ(target.members[1].wal_dir, "/var/lib/etcd2/wal");
  EXPECT_EQ(target.members[2].wal_dir, "/fast/etcd3");
}

TEST(Target, ContradictionsAreRefused) {
  struct Case {
    void (*spoil)(Config&);
    const char* code;
  };
  const std::vector<Case> cases = {
      {[](Config& c) { c.members.clear(); }, "etcd.inconsistent_members"},
      {[](Config& c) {
         for (int i = 4; i <= 10; ++i) c.members.push_back(member(i));
       },
       "etcd.inconsistent_members"},
      {[](Config& c) { c.members[2].name = "m1"; }, "etcd.inconsistent_members"},
      {[](Config& c) { c.members[2].peer = c.members[0].peer; }, "etcd.inconsistent_members"},
      {[](Config& c) { c.members[2].client = c.members[0].client; }, "etcd.inconsistent_members"},
      {[](Config& c) { c.members[2].client = c.members[2].peer; }, "etcd.inconsistent_members"},
      {[](Config& c) { c.members[2].peer.urls = {"http://10.0.0.3:2380"}; },
       "etcd.inconsistent_members"},
      {[](Config& c) { c.members[2].data_dir = "/var/lib/etcd1/"; }, "etcd.inconsistent_members"},
      {[](Config& c) { c.members[2].data_dir = "/var/lib/etcd1/inside"; },
       "etcd.inconsistent_members"},
      {[](Config& c) { c.members[2].wal_dir = "/var/lib/etcd1/wal"; }, "etcd.inconsistent_members"},
      {[](Config& c) { c.members[2].wal_dir = "/var/lib/etcd3"; }, "etcd.inconsistent_members"},
      {[](Config& c) { c.members[2].wal_dir = "/var/lib"; }, "etcd.inconsistent_members"},
      {[](Config& c) { c.members[2].name = "a b"; }, "etcd.bad_initial_cluster"},
      {[](Config& c) { c.members[2].data_dir = "var/lib"; }, "etcd.bad_directory"},
      {[](Config& c) { c.members[2].data_dir = "/"; }, "etcd.bad_directory"},
      {[](Config& c) { c.members[2].data_dir = "/var/../etc"; }, "etcd.bad_directory"},
      {[](Config& c) { c.members[2].start = {}; }, "etcd.bad_command"},
      {[](Config& c) { c.members[2].stop = {""}; }, "etcd.bad_command"},
      {[](Config& c) { c.members[2].stop = {"bin/stop"}; }, "etcd.bad_command"},
      {[](Config& c) { c.token = ""; }, "etcd.bad_token"},
      {[](Config& c) { c.cert = "/etc/ssl/x"; }, "etcd.half_key_pair"},
      {[](Config& c) { c.user = "root"; }, "etcd.half_user"},
      {[](Config& c) { c.password.emplace(); }, "etcd.half_user"},
      {[](Config& c) { c.user = "", c.password.emplace(); }, "etcd.half_user"},
      {[](Config& c) { c.ca = "/nowhere/ca.crt"; }, "etcd.unreadable_file"},
      {[](Config& c) { c.ca = "/etc"; }, "etcd.unreadable_file"},
      {[](Config& c) { c.ca = "/dev/null"; }, "etcd.unreadable_file"},
      {[](Config& c) { c.ca = "/etc/hostname"; }, "etcd.unreadable_file"}};
  EXPECT_EQ(code_of(three()), "fine");
  for (std::size_t i = 0; i < cases.size(); ++i) {
    Config config = three();
    cases[i].spoil(config);
    EXPECT_EQ(code_of(config), cases[i].code) << i;
    const auto target = make_target(config);
    EXPECT_FALSE(target.error().hint.empty()) << i;
  }
}

TEST(Target, OneDirectoryForTwoMembersIsFoundThroughLinks) {
  const snapcore::fakes::Scratch scratch;
  const std::string real = (scratch.path() / "real").string();
  const std::string link = (scratch.path() / "link").string();
  std::filesystem::create_directory(real);
  std::filesystem::create_symlink("real", link);
  const std::vector<void (*)(Config&, const std::string&, const std::string&)> spoilers = {
      [](Config& c, const std::string& a, const std::string& b) {
        c.members[0].data_dir = a;
        c.members[1].data_dir = b;
      },
      [](Config& c, const std::string& a, const std::string& b) {
        c.members[0].data_dir = a + "/m1";
        c.members[1].data_dir = b + "/m1";
      },
      [](Config& c, const std::string& a, const std::string& b) {
        c.members[0].data_dir = a + "/outer";
        c.members[1].data_dir = b + "/outer/inner";
      },
      [](Config& c, const std::string& a, const std::string& b) {
        c.members[0].wal_dir = a;
        c.members[1].wal_dir = b;
      },
      [](Config& c, const std::string& a, const std::string& b) {
        c.members[0].data_dir = a;
        c.members[1].wal_dir = b + "/wal";
      },
      [](Config& c, const std::string& a, const std::string& b) {
        c.members[0].data_dir = a;
        c.members[0].wal_dir = b;
      }};
  for (std::size_t i = 0; i < spoilers.size(); ++i) {
    for (const bool swapped : {false, true}) {
      Config config = three();
      spoilers[i](config, swapped ? link : real, swapped ? real : link);
      const auto target = make_target(config);
      ASSERT_FALSE(target) << i;
      EXPECT_EQ(target.error().code, "etcd.inconsistent_members") << i;
      EXPECT_THAT(target.error().message, HasSubstr(real)) << i;
      EXPECT_THAT(target.error().message, HasSubstr(link)) << i;
    }
  }
  Config config = three();
  config.members[0].data_dir = link + "/m1";
  config.members[0].wal_dir = real + "/m1/wal";
  config.members[1].data_dir = real + "/m2";
  EXPECT_EQ(code_of(config), "fine");
}

TEST(Target, UrlsThatEtcdWouldRefuseAreRefused) {
  for (const char* text :
       {"", "10.0.0.1:2380", "ftp://h:1", "http://h", "http://h:", "http://h:0", "http://h:65536",
        "http://h:12x", "http://:2380", "http://h:1/path", "http://h:1?x", "http://u@h:1",
        "http://::1:2380", "http://[::1]", "http://[::1:2380", "http://a b:1", "unix:///x:1"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, "etcd.bad_url") << text;
  }
  EXPECT_EQ(parse_url("https://etcd-1.example:2380")->port, 2380);
}

TEST(Target, CertificatesBehindLinksAreRead) {
  const snapcore::fakes::Scratch scratch;
  const auto file = scratch.path() / "ca.pem";
  std::ofstream(file) << "-----BEGIN CERTIFICATE-----\n";
  const auto link = scratch.path() / "link";
  std::filesystem::create_symlink(file, link);
  Config config = three();
  config.ca = link.string();
  EXPECT_EQ(code_of(config), "fine");
}

TEST(Versions, OnlyAnOlderServerIsAProblem) {
  EXPECT_EQ(problem_between("3.4.0", "3.4.23"), "");
  EXPECT_EQ(problem_between("3.4.0", "3.6.1"), "");
  EXPECT_EQ(problem_between("3.5.9", "3.5.0"), "");
  EXPECT_EQ(problem_between("3.4.0", ""), "") << "every server that there is reads it";
  EXPECT_THAT(problem_between("3.5.0", ""), HasSubstr("server_version"));
  EXPECT_THAT(problem_between("3.6.0", ""), HasSubstr("nobody knows which etcd will read it"));
  EXPECT_THAT(problem_between("3.6.0", "3.5.33"), HasSubstr("3.5.33"));
  EXPECT_THAT(problem_between("3.10.0", "3.9.0"), HasSubstr("older"));
  EXPECT_THAT(problem_between("4.0.0", "3.9.0"), HasSubstr("older"));
  EXPECT_EQ(parse_version("3.6.0-rc.1"), (Version{3, 6, 0}));
  for (const char* text : {"", "3", "3.4", "x.y.z", "3..4", "3.4."})
    EXPECT_FALSE(parse_version(text)) << text;
}

TEST(Names, OnlyOurOwnAreOurs) {
  EXPECT_TRUE(names_staged("etcd" + staged_suffix("20260102T030405Z", "0123abcd")));
  EXPECT_TRUE(names_backup("etcd" + backup_suffix("20260102T030405Z")));
  for (const char* name :
       {"etcd", "etcd.snapcore-", "etcd.snapcore-20260102T030405Z",
        "etcd.snapcore-20260102T030405Z-0123ABCD", "etcd.snapcore-20260102T030405Z-0123abcd.old",
        "etcd.backup-20260102", "etcd.backup-x", "etcd.backup-20260102T030405Zx"}) {
    EXPECT_FALSE(names_staged(name)) << name;
    EXPECT_FALSE(names_backup(name)) << name;
  }
}

// However the bytes are cut into pieces.
TEST(Trailer, IsComparedForEverySizeOfPiece) {
  const std::string snapshot = test::etcd_content(3).snapshot();
  for (const std::size_t piece : {1u, 7u, 31u, 32u, 33u, 512u, 100000u}) {
    TrailerCheck check;
    for (std::size_t at = 0; at < snapshot.size(); at += piece)
      check.update(bytes_of(std::string_view(snapshot).substr(at, piece)));
    EXPECT_TRUE(check.finish("x", false)) << piece;
  }
}

TEST(Trailer, AnyFlippedByteAndEveryTruncationIsFound) {
  const std::string snapshot = test::etcd_content(3).snapshot();
  for (std::size_t at = 0; at < snapshot.size(); ++at) {
    std::string flipped = snapshot;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    for (const std::string& bytes : {flipped, snapshot.substr(0, at)}) {
      TrailerCheck check;
      check.update(bytes_of(bytes));
      const auto verdict = check.finish("x", false);
      ASSERT_FALSE(verdict) << at;
      EXPECT_EQ(verdict.error().category, snapcore::Category::kCorrupt);
    }
  }
}

TEST(Trailer, IsComparedWithTheDigestThatSomebodyElseMade) {
  const std::string snapshot = test::etcd_content(3).snapshot();
  const auto digest_of = [](std::string_view bytes) {
    snapcore::Sha256 hash;
    hash.update(bytes);
    return hash.finish();
  };
  const auto pages = std::string_view(snapshot).substr(0, snapshot.size() - 32);
  for (const std::size_t piece : {1u, 33u, 100000u}) {
    TrailerCheck check(false);
    for (std::size_t at = 0; at < snapshot.size(); at += piece)
      check.update(bytes_of(std::string_view(snapshot).substr(at, piece)));
    EXPECT_TRUE(check.finish("x", false, digest_of(pages)));
    for (const auto& wrong : {digest_of(snapshot), digest_of(pages.substr(1))}) {
      const auto verdict = check.finish("x", false, wrong);
      ASSERT_FALSE(verdict);
      EXPECT_EQ(verdict.error().code, "etcd.snapshot_hash_mismatch");
    }
    EXPECT_FALSE(check.finish("x", false)) << "no digest is no digest that fits";
  }
}

TEST(Trailer, PlainDatabaseIsTakenOnlyWhenAsked) {
  const std::string database = test::etcd_content(3).database();
  for (const bool accept : {false, true}) {
    TrailerCheck check;
    check.update(bytes_of(database));
    EXPECT_EQ(check.finish("x", accept).has_value(), accept);
  }
}

}  // namespace
}  // namespace etcd
