// What counts as the restored cluster, and what does not.
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>

#include "fake_cluster.hpp"

namespace etcd {
namespace {

using test::EtcdState;
using test::FakeCluster;
using test::Manner;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

Result<std::vector<std::string>> ask(const FakeCluster& cluster) {
  return verify_health(cluster.target(), cluster.expected(), std::chrono::milliseconds(0), {});
}

std::string code_of(const Result<std::vector<std::string>>& result) {
  return result ? "fine" : result.error().code;
}

TEST(Health, HashKvIsComparedWhereItIsServed) {
  FakeCluster cluster;
  cluster.all([](EtcdState& state) { state.hash_kv = 4711; });
  const auto words = ask(cluster);
  ASSERT_TRUE(words) << words.error().message;
  EXPECT_THAT(*words, Contains("HashKV 4711 at revision 10 (compacted to 1) on all members"));
  EXPECT_THAT(cluster.asked(), Not(Contains("POST /v3/maintenance/hash")));
}

TEST(Health, BackendHashIsComparedWhereOneMemberServesNoHashKv) {
  for (const bool mixed : {false, true}) {
    FakeCluster cluster;
    if (mixed) cluster.one(0, [](EtcdState& state) { state.hash_kv = 1; });
    const auto words = ask(cluster);
    ASSERT_TRUE(words) << words.error().message;
    EXPECT_THAT(*words, Contains(HasSubstr("backend hash 77 at revision 10 on all members")));
  }
}

TEST(Health, OneMemberWithOtherDataIsFoundByEitherHash) {
  for (const bool kv : {false, true}) {
    for (std::size_t odd = 0; odd < 3; ++odd) {
      FakeCluster cluster;
      if (kv) cluster.all([](EtcdState& state) { state.hash_kv = 5; });
      cluster.one(odd, [&](EtcdState& state) {
        state.backend_hash = 78;
        if (kv) state.hash_kv = 6;
      });
      const auto words =
          verify_health(cluster.target(), cluster.expected(), std::chrono::seconds(30), {});
      EXPECT_EQ(code_of(words), "etcd.hash_differs");
      EXPECT_THAT(words.error().message, HasSubstr(FakeCluster::name(odd)));
    }
  }
}

TEST(Health, MembersOnTheirWayAreNotJudgedByTheirHash) {
  // Another revision, another raft index, another compaction: all may still become equal.
  const std::vector<void (*)(EtcdState&)> moves = {
      [](EtcdState& state) { state.revision = 12; },
      [](EtcdState& state) { state.applied_index = 101; },
      [](EtcdState& state) { state.moves = true; }};
  for (const auto move : moves) {
    FakeCluster cluster;
    cluster.one(1, [](EtcdState& state) { state.backend_hash = 78; });
    cluster.one(1, move);
    EXPECT_EQ(code_of(ask(cluster)), "etcd.not_healthy");
  }
  FakeCluster compacting;
  compacting.all([](EtcdState& state) { state.hash_kv = 5; });
  compacting.one(1, [](EtcdState& state) { state.compact_revision = 7, state.hash_kv = 6; });
  EXPECT_EQ(code_of(ask(compacting)), "etcd.not_healthy");
}

TEST(Health, MemberOfAnotherClusterIsRefusedAtOnce) {
  for (std::size_t odd = 0; odd < 3; ++odd) {
    FakeCluster cluster;
    cluster.one(odd, [](EtcdState& state) { state.cluster_id = 0xdead; });
    const auto words =
        verify_health(cluster.target(), cluster.expected(), std::chrono::hours(1), {});
    EXPECT_EQ(code_of(words), "etcd.wrong_cluster");
    EXPECT_THAT(words.error().message, HasSubstr("dead"));
    EXPECT_EQ(words.error().outcome, snapcore::Outcome::kHappened);
  }
}

TEST(Health, OtherMembersThanThoseRestoredAreRefused) {
  const std::vector<void (*)(EtcdState&)> others = {
      [](EtcdState& state) { state.members.pop_back(); },
      [](EtcdState& state) {
        state.members.push_back({0xa9, "x", "http://127.0.0.1:9"});
      },
      [](EtcdState& state) { state.members[1].id = 0xa9; },
      [](EtcdState& state) { state.members[1].peer_url = "http://127.0.0.1:9"; },
      [](EtcdState& state) { state.members[1].name = "x"; }};
  for (const auto other : others) {
    FakeCluster cluster;
    cluster.one(2, other);
    EXPECT_EQ(code_of(ask(cluster)), "etcd.wrong_cluster");
  }
}

TEST(Health, ClusterThatWantsAUserIsNotWaitedFor) {
  for (const bool for_hashes_alone : {false, true}) {
    FakeCluster cluster;
    cluster.all([&](EtcdState& state) {
      state.manner = for_hashes_alone ? Manner::kWantsUserForHashes : Manner::kWantsUser;
    });
    const auto verdict =
        verify_health(cluster.target(), cluster.expected(), std::chrono::hours(1), {});
    EXPECT_EQ(code_of(verdict), "etcd.authentication");
    EXPECT_THAT(verdict.error().message, HasSubstr("the instance names no user: m1: "));
    EXPECT_EQ(verdict.error().outcome, snapcore::Outcome::kHappened);
  }
}

TEST(Health, UserOfTheInstanceIsLetIn) {
  for (const bool for_hashes_alone : {false, true}) {
    FakeCluster cluster;
    cluster.all([&](EtcdState& state) {
      state.manner = for_hashes_alone ? Manner::kWantsUserForHashes : Manner::kWantsUser;
    });
    const Target target = cluster.target_as("root", "secret");
    for (int tokens = 1; tokens <= 2; ++tokens) {  // those it gave first are forgotten at a restart
      cluster.all([&](EtcdState& state) { state.tokens = tokens; });
      const auto verdict =
          verify_health(target, cluster.expected(), std::chrono::milliseconds(0), {});
      EXPECT_TRUE(verdict) << verdict.error().message;
    }
    const auto asked = cluster.asked();
    EXPECT_EQ(std::count(asked.begin(), asked.end(), "POST /v3/auth/authenticate"), 2);
  }
}

TEST(Health, TokenOfTheClusterOfBeforeIsNotWaitedFor) {
  FakeCluster cluster;
  cluster.all([](EtcdState& state) {
    state.manner = Manner::kWantsUser;
    state.waits_for_tokens = true;
  });
  const Target target = cluster.target_as("root", "secret");
  const auto ask = [&](std::chrono::seconds patience) {
    return verify_health(target, cluster.expected(), patience, {}).has_value();
  };
  EXPECT_TRUE(ask(std::chrono::seconds(0)));
  cluster.all([](EtcdState& state) { ++state.tokens; });
  target.login->learn("secret");  // as each call does
  EXPECT_TRUE(ask(std::chrono::seconds(0)));
  // Restarted in the middle of a call.
  cluster.all([](EtcdState& state) { ++state.tokens; });
  EXPECT_TRUE(ask(std::chrono::seconds(60)));
}

TEST(Health, UserWhoIsNotLetInIsNotTriedAgainAndTheMessageSaysWhatIsMissing) {
  FakeCluster cluster;
  cluster.all([](EtcdState& state) {
    state.manner = Manner::kWantsUser;
    state.forbidden = {"/v3/maintenance/hash"};
  });
  const auto ask_as = [&](const char* user, const char* password) {
    const auto verdict = verify_health(cluster.target_as(user, password), cluster.expected(),
                                       std::chrono::minutes(1), {});
    return verdict ? snapcore::Error{} : verdict.error();
  };
  const snapcore::Error wrong = ask_as("root", "an old password");
  EXPECT_EQ(wrong.code, "etcd.authentication");
  EXPECT_THAT(wrong.message, HasSubstr("m1: user 'root' is not let in: "));
  EXPECT_THAT(wrong.message, Not(HasSubstr("an old password")));
  EXPECT_THAT(wrong.hint, HasSubstr("user and password of the instance"));
  const snapcore::Error denied = ask_as("root", "secret");
  EXPECT_EQ(denied.code, "etcd.authentication");
  EXPECT_THAT(denied.message, HasSubstr("permission denied"));
  EXPECT_THAT(denied.hint, HasSubstr("role root"));
}

// A token that another member gave may not have reached this one yet.
TEST(Health, TokenThatAMemberDoesNotKnowYetIsWaitedFor) {
  FakeCluster cluster;
  cluster.all([](EtcdState& state) { state.manner = Manner::kWantsUser; });
  cluster.one(1, [](EtcdState& state) { state.tokens = 2; });
  std::atomic<int> questions = 0;
  Watch watch;
  watch.cancelled = [&] {
    if (++questions == 40) cluster.one(1, [](EtcdState& state) { state.tokens = 1; });
    return false;
  };
  const auto verdict = verify_health(cluster.target_as("root", "secret"), cluster.expected(),
                                     std::chrono::hours(1), watch);
  EXPECT_TRUE(verdict) << verdict.error().message;
}

TEST(Health, AnythingThatMayPassIsWaitedForAndNamed) {
  const std::vector<std::pair<void (*)(EtcdState&), std::string>> troubles = {
      {[](EtcdState& state) { state.healthy = false; }, "m2 answers that it is not healthy"},
      {[](EtcdState& state) { state.healthy = false, state.reason = "RAFT NO LEADER"; },
       "NO LEADER"},
      {[](EtcdState& state) { state.healthy = false, state.errors = {"alarm:CORRUPT"}; },
       "CORRUPT"},
      {[](EtcdState& state) { state.manner = Manner::kCut; }, "m2: "},
      {[](EtcdState& state) { state.manner = Manner::kNonsense; }, "m2: "},
      {[](EtcdState& state) { state.manner = Manner::kNoGateway; }, "gateway is off"},
      {[](EtcdState& state) { state.revision = 9; }, "below the restored 10"},
      {[](EtcdState& state) { state.members[0].name = ""; }, "did not tell its name"}};
  for (const auto& [trouble, words] : troubles) {
    FakeCluster cluster;
    cluster.one(1, trouble);
    const auto verdict = ask(cluster);
    EXPECT_EQ(code_of(verdict), "etcd.not_healthy") << words;
    EXPECT_THAT(verdict.error().message + verdict.error().hint, HasSubstr(words));
  }
}

TEST(Health, ClusterThatBecomesHealthyBeforeTheDeadlineIsHealthy) {
  FakeCluster cluster;
  cluster.one(1, [](EtcdState& state) { state.healthy = false; });
  std::atomic<int> questions = 0;  // several members are asked at a time
  // The operator's watch is polled between two questions.
  const Watch watch{.cancelled =
                        [&] {
                          if (++questions == 3)
                            cluster.one(1, [](EtcdState& state) { state.healthy = true; });
                          return false;
                        },
                    .say = [](const std::string&) {}};
  Target target = cluster.target();
  const auto words = verify_health(target, cluster.expected(), std::chrono::minutes(1), watch);
  EXPECT_TRUE(words) << words.error().message;
}

TEST(Health, OperatorEndsTheWaiting) {
  FakeCluster cluster;
  cluster.one(1, [](EtcdState& state) { state.healthy = false; });
  const Watch watch{.cancelled = [] { return true; }, .say = [](const std::string&) {}};
  EXPECT_EQ(
      code_of(verify_health(cluster.target(), cluster.expected(), std::chrono::hours(1), watch)),
      "etcd.interrupted");
}

}  // namespace
}  // namespace etcd
