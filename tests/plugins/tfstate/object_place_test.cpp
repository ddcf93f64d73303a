// Which object of a store the tools keep a state in, and what they lock it with.
#include "object_place.hpp"

#include "working_directory.hpp"

namespace tfstate {
namespace {

using test::WorkingDirectory;
using ::testing::HasSubstr;
using ::testing::Not;

class ObjectPlaceTest : public ::testing::Test {
 protected:
  Config config() const {
    Config made;
    made.directory = directory_.path().string();
    made.store = snapcore::sdk::Instance{"objects"};
    return made;
  }
  void remember(const std::string& settings, const std::string& type = "s3") const {
    WorkingDirectory::put(
        directory_.path() / ".terraform/terraform.tfstate",
        R"({"version": 3, "backend": {"type": ")" + type + R"(", "config": {)" + settings + "}}}");
  }
  static std::string key_of(const Config& config) {
    const auto place = locate_object(config);
    return place ? place->key : place.error().code;
  }
  WorkingDirectory directory_;
};

TEST_F(ObjectPlaceTest, IsAsInitLeftItUnlessTheSiteSaysOtherwise) {
  remember(R"("bucket": "states", "key": "net/a.tfstate", "secret_key": "CANARY")");
  const auto place = locate_object(config());
  ASSERT_TRUE(place) << place.error().message;
  EXPECT_EQ(place->key, "net/a.tfstate");
  EXPECT_EQ(place->lock_key(), "net/a.tfstate.tflock");
  EXPECT_EQ(place->lock_path(), "states/net/a.tfstate");
  EXPECT_THAT(place->shown() + place->resource(), Not(HasSubstr("CANARY")));
  Config other = config();
  other.key = "b.tfstate";
  EXPECT_EQ(key_of(other), "b.tfstate");
}

TEST_F(ObjectPlaceTest, NeedsNoDirectoryWhereTheSiteSaysAll) {
  Config config;
  config.store = snapcore::sdk::Instance{"objects"};
  EXPECT_EQ(key_of(config), "tfstate.no_key");
  config.key = "a";
  EXPECT_EQ(key_of(config), "a");
}

TEST_F(ObjectPlaceTest, OtherWorkspacesLieBelowAPrefix) {
  remember(R"("bucket": "states", "key": "/net/a.tfstate")");
  Config prod = config();
  prod.workspace = "prod";
  EXPECT_EQ(key_of(prod), "env:/prod/net/a.tfstate");
  remember(R"("bucket": "states", "key": "net/a.tfstate", "workspace_key_prefix": "ws")");
  EXPECT_EQ(key_of(prod), "ws/prod/net/a.tfstate");
  prod.workspace_key_prefix = "";
  EXPECT_EQ(key_of(prod), "prod/net/a.tfstate");
  prod.workspace = "a/b";
  EXPECT_EQ(key_of(prod), "tfstate.bad_workspace");
}

TEST_F(ObjectPlaceTest, LocksByWhatTheToolsLockBy) {
  const auto locks = [&](const std::string& settings) {
    remember(R"("bucket": "b", "key": "k")" + settings);
    const auto place = locate_object(config());
    if (!place) return place.error().code;
    return std::string(place->lock_file ? "object" : "") +
           (place->table ? " table " + place->table->table : "");
  };
  EXPECT_EQ(locks(R"(, "use_lockfile": true)"), "object");
  EXPECT_EQ(locks(R"(, "use_lockfile": null)"), "object");
  EXPECT_EQ(locks(R"(, "dynamodb_table": "t")"), " table t");
  EXPECT_EQ(locks(R"(, "dynamodb_table": "t", "use_lockfile": true)"), "object table t");
}

TEST_F(ObjectPlaceTest, TheTableIsWhereTheToolsFindIt) {
  const auto endpoint = [&](const std::string& settings) {
    remember(R"("bucket": "b", "key": "k", "dynamodb_table": "t")" + settings);
    const auto place = locate_object(config());
    return place && place->table ? place->table->endpoint : "none";
  };
  EXPECT_EQ(endpoint(R"(, "region": "eu-west-1")"), "https://dynamodb.eu-west-1.amazonaws.com");
  EXPECT_EQ(endpoint(R"(, "endpoints": {"dynamodb": "http://here"})"), "http://here");
  EXPECT_EQ(endpoint(R"(, "endpoints": [{"dynamodb": "http://here"}])"), "http://here");
  EXPECT_EQ(endpoint(R"(, "dynamodb_endpoint": "http://old")"), "http://old");
}

TEST_F(ObjectPlaceTest, AnotherBackendIsRefusedByName) {
  remember("", "local");
  EXPECT_EQ(key_of(config()), "tfstate.other_backend");
  remember(R"("secret": "CANARY")", "pg");
  const auto place = locate_object(config());
  ASSERT_FALSE(place);
  EXPECT_THAT(place.error().message, HasSubstr("the backend 'pg'"));
  EXPECT_THAT(place.error().message + place.error().hint, Not(HasSubstr("CANARY")));
}

}  // namespace
}  // namespace tfstate
