#include "site/run_site.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "site_files.hpp"

namespace snapcore::test {
namespace {

TEST(RunSiteTest, ASiteThatARunCarriesMeansTheSame) {
  const SiteFiles files;
  for (
      const char* text :
      {"return {}",
       R"(return { policy = { max_age = "26h", space_margin = 0.5, on_failure = "hold", approval = "digest",
             unknown_identity = "refuse", waivers = { "age" } },
             instances = { shelf = { plugin = "files", path = "/srv", key = secret.env "KEY" } },
             values = { place = "lab", none = {} } })"}) {
    const auto site = files.load(text);
    ASSERT_TRUE(site) << site.error().message;
    const auto written = Value::parse(to_value(*site).pretty());
    const auto again = site_from(*written);
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ(to_value(*again).dump(), to_value(*site).dump());
    EXPECT_EQ(again->digest, site->digest);
    EXPECT_EQ(again->policy.max_age, site->policy.max_age);
    EXPECT_EQ(again->policy.waivers, site->policy.waivers);
    ASSERT_EQ(again->instances.size(), site->instances.size());
  }
}

TEST(RunSiteTest, AnythingElseIsRefused) {
  for (const char* text :
       {"{}", "[]", R"({"instances": []})", R"({"instances": {}, "policy": {"max_age": 3}})"}) {
    const auto site = site_from(*Value::parse(text));
    ASSERT_FALSE(site) << text;
    EXPECT_EQ(site.error().code, "site.invalid");
  }
}

}  // namespace
}  // namespace snapcore::test
