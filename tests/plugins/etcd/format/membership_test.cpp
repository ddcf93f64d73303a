#include <gtest/gtest.h>

#include <format/membership.hpp>

#include "bolt_file.hpp"

namespace etcd {
namespace {

std::string refusal(const std::vector<InitialMember>& members) {
  const auto cluster = make_cluster("token", members);
  if (cluster) return {};
  EXPECT_EQ(cluster.error().code, "etcd.bad_initial_cluster");
  return cluster.error().message;
}

TEST(Membership, IdsAreThoseOfEtcd) {
  EXPECT_EQ(member_id({"http://localhost:2380"}, "etcd-cluster"), 0x8e9e05c52164694dU);
  EXPECT_EQ(cluster_id({0x8e9e05c52164694dU}), 0xcdf818194e3a8c32U);
  const Cluster cluster = test::example_cluster();
  EXPECT_EQ(cluster.id, 0x5ea44883fb5cf504U);
  EXPECT_EQ(find_member(cluster, "a")->id, 0x41298ef3c0e1be7fU);
  EXPECT_EQ(find_member(cluster, "b")->id, 0x200beafb7c0c28ddU);
  EXPECT_EQ(find_member(cluster, "c")->id, 0xbd00a8f259adf2b1U);
  EXPECT_EQ(cluster.members.front().name, "b") << "ascending by id";
}

TEST(Membership, OrderOfUrlsDoesNotChangeTheId) {
  EXPECT_EQ(member_id({"http://a:1", "http://b:1"}, "t"),
            member_id({"http://b:1", "http://a:1"}, "t"));
  EXPECT_NE(member_id({"http://a:1"}, "t"), member_id({"http://a:1"}, "u"));
}

TEST(Membership, RefusesClustersEtcdWouldRefuse) {
  EXPECT_NE(refusal({}), "");
  EXPECT_NE(refusal(std::vector<InitialMember>(10, {"a", {"http://a:1"}})), "");
  EXPECT_NE(refusal({{"", {"http://a:1"}}}), "");
  EXPECT_NE(refusal({{"a,b", {"http://a:1"}}}), "");
  EXPECT_NE(refusal({{"a", {}}}), "");
  EXPECT_NE(refusal({{"a", {"http://a:1"}}, {"a", {"http://b:1"}}}), "");
  EXPECT_NE(refusal({{"a", {"http://a:1"}}, {"b", {"http://a:1"}}}), "");
  EXPECT_NE(refusal({{"a", {"http://a:1", "http://a:1"}}}), "");
  EXPECT_EQ(refusal({{"a", {"http://a:1", "https://[::1]:2"}}, {"b", {"http://b_c.d-e:65535"}}}),
            "");
}

TEST(Membership, SaysWhatIsWrongWithAUrl) {
  for (const char* url : {"",
                          "a:1",
                          "ftp://a:1",
                          "http://",
                          "http://a",
                          "http://a:",
                          "http://a:0",
                          "http://a:65536",
                          "http://a:1x",
                          "http://a:1/",
                          "http://a:1/x",
                          "http://:1",
                          "http://u@a:1",
                          "http://a b:1",
                          "http://a:1?x",
                          "http://[::1]",
                          "http://::1:80",
                          "HTTP://a:1",
                          " http://a:1",
                          "http://a:123456"}) {
    EXPECT_NE(problem_with_url(url), "") << url;
    EXPECT_NE(refusal({{"a", {url}}}).find(url), std::string::npos) << "the message names it";
  }
}

TEST(Membership, MemberJsonIsWhatGoWrites) {
  const Member member{.id = 18446744073709551615U,
                      .name = "a<b>&",
                      .peer_urls = {"http://a:1", "http://b:1"},
                      .client_urls = {"http://c:1"},
                      .is_learner = true};
  const std::string json = member_json(member);
  EXPECT_EQ(json,
            R"({"id":18446744073709551615,"peerURLs":["http://a:1","http://b:1"],"isLearner":true,)"
            R"("name":"a\u003cb\u003e\u0026","clientURLs":["http://c:1"]})");
  const auto parsed = parse_member(json);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->id, member.id);
  EXPECT_EQ(parsed->name, member.name);
  EXPECT_EQ(parsed->peer_urls, member.peer_urls);
  EXPECT_EQ(parsed->client_urls, member.client_urls);
  EXPECT_TRUE(parsed->is_learner);
}

TEST(Membership, RefusesMembersThatAreNone) {
  for (const char* json :
       {"", "{}", "[]", R"({"id":0,"peerURLs":["http://a:1"]})",
        R"({"id":-1,"peerURLs":["http://a:1"]})", R"({"id":1.5,"peerURLs":["x"]})", R"({"id":1})",
        R"({"id":1,"peerURLs":"x"})", R"({"id":1,"peerURLs":[1]})",
        R"({"id":1,"peerURLs":["x"],"name":1})", R"({"id":1,"peerURLs":["x"],"isLearner":1})",
        R"({"id":1,"peerURLs":["x"],"clientURLs":{}})"}) {
    EXPECT_FALSE(parse_member(json)) << json;
  }
}

TEST(Membership, ConfStateListsTheVoters) {
  EXPECT_EQ(conf_state_json(test::example_cluster()),
            R"({"voters":[2309197599796373725,4695441264074669695,13619071032008503985],)"
            R"("auto_leave":false})");
}

}  // namespace
}  // namespace etcd
