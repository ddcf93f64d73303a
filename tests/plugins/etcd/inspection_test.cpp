// What inspect and status say of clusters in every condition.
#include <gmock/gmock.h>

#include <inspection.hpp>

#include "fake_cluster.hpp"

namespace etcd {
namespace {

using snapcore::Value;
using test::EtcdState;
using test::FakeCluster;
using test::Manner;
using test::never;
using testing::AnyOf;
using testing::Contains;
using testing::Each;
using testing::HasSubstr;

snapcore::sdk::target::Inspection look(const FakeCluster& cluster) {
  auto found = inspect(cluster.target(), never);
  EXPECT_TRUE(found) << found.error().message;
  return found ? *found : snapcore::sdk::target::Inspection{};
}

Value peers(std::vector<std::string> urls) { return identity_of(std::move(urls)); }

TEST(Inspection, ThreeHealthyMembersAreAHealthyReadableCluster) {
  FakeCluster cluster;

  const auto found = look(cluster);

  EXPECT_TRUE(found.healthy);
  EXPECT_TRUE(found.readable);
  EXPECT_EQ(found.version, "3.4.23");
  EXPECT_EQ(found.keeps, snapcore::sdk::target::Keeps::kAside);
  EXPECT_EQ(found.identity,
            peers({"http://127.0.0.1:4", "http://127.0.0.1:2", "http://127.0.0.1:3"}));
  ASSERT_EQ(found.resources.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_THAT(found.resources[i], testing::EndsWith(":/nowhere/m" + std::to_string(i + 1)));
  EXPECT_THAT(found.evidence, Contains(HasSubstr("m2 is healthy, etcd 3.4.23, cluster c1")));
}

TEST(Inspection, NothingIsAskedButHealthVersionStatusAndMembers) {
  FakeCluster cluster;
  look(cluster);
  EXPECT_THAT(cluster.asked(),
              Each(AnyOf("GET /health", "GET /version", "POST /v3/maintenance/status",
                         "POST /v3/cluster/member/list")));
}

TEST(Inspection, LowestVersionCountsByNumber) {
  FakeCluster cluster;
  cluster.all([](EtcdState& state) { state.version = "3.10.1"; });
  cluster.one(1, [](EtcdState& state) { state.version = "3.9.30"; });
  EXPECT_EQ(look(cluster).version, "3.9.30");
}

TEST(Inspection, IdentityIsThatOfTheListWhenAMemberCanBeRead) {
  FakeCluster cluster;
  cluster.all([](EtcdState& state) { state.members[2].peer_url = "http://127.0.0.1:9"; });

  const auto found = look(cluster);

  EXPECT_EQ(found.identity,
            peers({"http://127.0.0.1:2", "http://127.0.0.1:3", "http://127.0.0.1:9"}));
  EXPECT_FALSE(found.healthy);
  EXPECT_THAT(found.evidence, Contains(HasSubstr("lists the peer URLs")));
}

TEST(Inspection, AMemberThatNeverStartedIsToldAndNotCountedForWhoTheClusterIs) {
  FakeCluster cluster;
  cluster.all([](EtcdState& state) { state.members.push_back({0xa9, "", "http://127.0.0.1:9"}); });

  const auto found = look(cluster);

  EXPECT_EQ(found.identity,
            peers({"http://127.0.0.1:2", "http://127.0.0.1:3", "http://127.0.0.1:4"}));
  EXPECT_THAT(found.evidence,
              Contains(HasSubstr("member a9 at http://127.0.0.1:9 has never started")));
}

TEST(Inspection, OneMemberInAnyTroubleMakesTheClusterUnhealthyAndLeavesItReadable) {
  const std::vector<void (*)(EtcdState&)> troubles = {
      [](EtcdState& state) { state.healthy = false; },
      [](EtcdState& state) { state.manner = Manner::kCut; },
      [](EtcdState& state) { state.manner = Manner::kNonsense; },
      [](EtcdState& state) { state.manner = Manner::kNoGateway; },
      [](EtcdState& state) { state.manner = Manner::kWantsUser; },
      [](EtcdState& state) { state.cluster_id = 0xdead; },
      [](EtcdState& state) { state.members.pop_back(); }};
  for (std::size_t i = 0; i < troubles.size(); ++i) {
    FakeCluster cluster;
    cluster.one(1, troubles[i]);
    const auto found = look(cluster);
    EXPECT_FALSE(found.healthy) << i;
    EXPECT_TRUE(found.readable) << i;
  }
}

std::string serving(const FakeCluster& cluster) {
  const Target target = cluster.target();
  Sight sight(target, never);
  return still_serves(target, sight);
}

// Whatever keeps a cluster from being healthy: with a leader it takes writes, and they would be
// lost.
TEST(Inspection, WhoStillServesIsToldAlthoughNotAllIsWell) {
  const std::vector<void (*)(EtcdState&)> troubles = {
      [](EtcdState& state) { state.manner = Manner::kCut; },
      [](EtcdState& state) { state.manner = Manner::kWantsUser; },
      [](EtcdState& state) { state.cluster_id = 0xdead; },
      [](EtcdState& state) { state.members.pop_back(); },
      [](EtcdState& state) {
        state.members.push_back({0xa9, "", "http://127.0.0.1:9"});
      }};
  for (std::size_t i = 0; i < troubles.size(); ++i) {
    FakeCluster cluster;
    cluster.one(1, troubles[i]);
    const std::string words = serving(cluster);
    EXPECT_THAT(words, HasSubstr("m1")) << i;
    EXPECT_THAT(words, HasSubstr("what was written after the backup is lost")) << i;
  }
}

TEST(Inspection, NothingIsAddedWhereAllIsWellOrNobodyServes) {
  FakeCluster cluster;
  EXPECT_EQ(serving(cluster), "");
  cluster.all([](EtcdState& state) {
    state.healthy = false;
    state.errors = {"memberID:161 alarm:CORRUPT "};
  });
  EXPECT_EQ(serving(cluster), "") << "corrupt data serves nobody";
  cluster.all([](EtcdState& state) { state.manner = Manner::kCut; });
  EXPECT_EQ(serving(cluster), "");
}

std::int64_t newest(const FakeCluster& cluster) {
  const Target target = cluster.target();
  Sight sight(target, never);
  return newest_revision(target, sight);
}

TEST(Inspection, TheNewestRevisionIsThatOfWhoAnswers) {
  FakeCluster cluster;
  EXPECT_EQ(newest(cluster), 10);
  cluster.one(1, [](EtcdState& state) { state.revision = 25; });
  EXPECT_EQ(newest(cluster), 25);
  cluster.all([](EtcdState& state) { state.manner = Manner::kCut; });
  EXPECT_EQ(newest(cluster), 0) << "and nothing is on disk";
}

TEST(Inspection, SilentMembersAreGivenUpOn) {
  FakeCluster cluster;
  cluster.all([](EtcdState& state) { state.manner = Manner::kSilence; });
  const auto seen =
      observe(cluster.target(), Depth::kEverything, never, std::chrono::milliseconds(50));
  for (const Observation& member : seen) {
    EXPECT_FALSE(member.answers());
    EXPECT_EQ(member.problem->code, "etcd.unreachable");
  }
}

TEST(Inspection, FullDatabaseIsUnhealthyAndReadable) {
  FakeCluster cluster;
  cluster.all([](EtcdState& state) {
    state.healthy = false;
    state.errors = {"memberID:161 alarm:NOSPACE "};
  });
  const auto found = look(cluster);
  EXPECT_FALSE(found.healthy);
  EXPECT_TRUE(found.readable);
  EXPECT_THAT(found.evidence, Contains(HasSubstr("NOSPACE")));
}

TEST(Inspection, DeadClusterIsWhoTheSiteSays) {
  Config config;
  {
    const FakeCluster gone;
    config = gone.config();
  }
  const auto found = inspect(make_target(config).value(), never).value();
  EXPECT_FALSE(found.healthy);
  EXPECT_FALSE(found.readable);
  EXPECT_FALSE(found.version);
  EXPECT_EQ(found.identity,
            peers({"http://127.0.0.1:2", "http://127.0.0.1:3", "http://127.0.0.1:4"}));
  EXPECT_THAT(found.evidence, Contains(HasSubstr("m1 does not answer")));
  EXPECT_THAT(found.evidence, Contains(HasSubstr("/nowhere/m1 is not there")));
}

TEST(Inspection, ServerWithoutTlsIsSaidToBeThat) {
  FakeCluster cluster;
  Config config = cluster.config();
  for (MemberConfig& member : config.members) member.client.urls.front().replace(0, 4, "https");
  const auto seen = observe(make_target(config).value(), Depth::kHealth, never);
  for (const Observation& member : seen) {
    ASSERT_TRUE(member.problem);
    EXPECT_EQ(member.problem->code, "etcd.tls") << member.problem->message;
    EXPECT_THAT(member.problem->hint, HasSubstr("ca"));
  }
}

TEST(Inspection, SecondClientUrlIsAskedWhenTheFirstIsDead) {
  FakeCluster cluster;
  Config config = cluster.config();
  config.members[0].client.urls.insert(config.members[0].client.urls.begin(), "http://127.0.0.1:1");
  const auto found = inspect(make_target(config).value(), never).value();
  EXPECT_TRUE(found.healthy);
}

TEST(Inspection, StatusTellsTheFactsOfEachMember) {
  FakeCluster cluster;
  cluster.one(2, [](EtcdState& state) { state.manner = Manner::kCut; });

  const StatusFacts facts = status_of(cluster.target(), never);

  ASSERT_EQ(facts.members.size(), 3u);
  EXPECT_EQ(facts.members[0].cluster_id, "c1");
  EXPECT_EQ(facts.members[0].member_id, "a1");
  EXPECT_EQ(facts.members[0].revision, 10);
  EXPECT_EQ(facts.members[0].leader, true);
  EXPECT_FALSE(facts.members[2].healthy);
  EXPECT_FALSE(facts.members[2].cluster_id);
  EXPECT_EQ(facts.words.size(), 3u);
}

}  // namespace
}  // namespace etcd
