#include <gmock/gmock.h>

#include <keys.hpp>

#include "fake_cluster.hpp"

namespace etcd {
namespace {

using test::EtcdState;
using test::FakeCluster;
using test::Manner;
using test::never;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class Keys : public testing::Test {
 protected:
  Keys() {
    cluster_.all([](EtcdState& state) {
      for (const char* key : {"/a/1", "/a/2", "/a/3", "/b/1", "\xff\xff"})
        state.keys[key] = "secret";
    });
  }

  std::string verdict(const KeysWanted& wanted) const {
    const auto found = expect_keys(cluster_.target(), wanted, never);
    return found ? "fine" : found.error().code;
  }

  FakeCluster cluster_;
};

TEST_F(Keys, NumbersAreComparedAsAsked) {
  const std::vector<std::pair<KeysWanted, std::string>> cases = {
      {{.prefix = "/a/"}, "fine"},
      {{.prefix = "/a/", .at_least = 3}, "fine"},
      {{.prefix = "/a/", .at_least = 4}, "etcd.keys_missing"},
      {{.prefix = "/a/", .exactly = 3}, "fine"},
      {{.prefix = "/a/", .exactly = 2}, "etcd.keys_differ"},
      {{.prefix = "/a/", .exactly = 4}, "etcd.keys_missing"},
      {{.prefix = "/c/"}, "etcd.keys_missing"},
      {{.prefix = "/c/", .exactly = 0}, "fine"},
      {{.prefix = "", .exactly = 5}, "fine"},
      {{.prefix = "\xff", .exactly = 1}, "fine"},
      {{.key = "/b/1"}, "fine"},
      {{.key = "/b"}, "etcd.keys_missing"},
      {{.key = "/b/1", .value = "secret"}, "fine"},
      {{.key = "/b/1", .value = "other"}, "etcd.keys_differ"},
      {{.prefix = "/a/", .exactly = 3, .key = "/b/1", .value = "secret"}, "fine"},
      {{}, "arguments.bad_value"},
      {{.at_least = 1, .key = "/b/1"}, "arguments.bad_value"},
      {{.prefix = "/a/", .value = "x"}, "arguments.bad_value"},
      {{.prefix = "/a/", .at_least = 1, .exactly = 1}, "arguments.bad_value"}};
  for (std::size_t i = 0; i < cases.size(); ++i)
    EXPECT_EQ(verdict(cases[i].first), cases[i].second) << i;
}

TEST_F(Keys, CountsAreToldInWords) {
  const auto found = expect_keys(cluster_.target(), {.prefix = "/a/"}, never).value();
  EXPECT_EQ(found.count, 3u);
  EXPECT_THAT(found.words, ElementsAre("3 keys that begin with /a/"));
}

TEST_F(Keys, ValuesAreNeverShown) {
  const auto wrong = expect_keys(cluster_.target(), {.key = "/b/1", .value = "other"}, never);
  EXPECT_THAT(wrong.error().message, Not(HasSubstr("secret")));
}

TEST_F(Keys, AnyMemberThatAnswersWillDo) {
  for (const Manner manner : {Manner::kCut, Manner::kNonsense, Manner::kNoGateway}) {
    cluster_.one(0, [&](EtcdState& state) { state.manner = manner; });
    cluster_.one(1, [&](EtcdState& state) { state.manner = manner; });
    EXPECT_EQ(verdict({.prefix = "/a/"}), "fine");
  }
}

TEST_F(Keys, NobodyToAskIsAnErrorOfItsOwn) {
  cluster_.all([](EtcdState& state) { state.manner = Manner::kCut; });
  EXPECT_EQ(verdict({.prefix = "/a/"}), "etcd.unreachable");
  cluster_.all([](EtcdState& state) { state.manner = Manner::kWantsUser; });
  EXPECT_EQ(verdict({.prefix = "/a/"}), "etcd.gateway_refused");
}

TEST_F(Keys, AreCountedAsTheUserOfTheInstance) {
  cluster_.all([](EtcdState& state) { state.manner = Manner::kWantsUser; });
  const auto found = expect_keys(cluster_.target_as("root", "secret"), {.prefix = "/a/"}, never);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->count, 3u);
}

}  // namespace
}  // namespace etcd
