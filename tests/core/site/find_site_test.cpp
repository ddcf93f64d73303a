#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "site_files.hpp"

namespace snapcore::test {
namespace {

using ::testing::HasSubstr;

class FindSiteTest : public ::testing::Test {
 protected:
  FindSiteTest() : before_(std::filesystem::current_path()) {
    ::unsetenv("SNAPCORE_SITE");
    std::filesystem::current_path(files_.root());
  }
  ~FindSiteTest() override {
    ::unsetenv("SNAPCORE_SITE");
    std::filesystem::current_path(before_);
  }

  SiteFiles files_;
  std::filesystem::path before_;
};

TEST_F(FindSiteTest, TheOptionComesBeforeTheEnvironmentBeforeTheDirectory) {
  const auto by_option = files_.write("option.lua", "return {}");
  const auto by_environment = files_.write("environment.lua", "return {}");
  files_.write("site.lua", "return {}");
  EXPECT_EQ(*find_site(std::nullopt), "./site.lua");
  ::setenv("SNAPCORE_SITE", by_environment.c_str(), 1);
  EXPECT_EQ(*find_site(std::nullopt), by_environment);
  EXPECT_EQ(*find_site(by_option), by_option);
}

TEST_F(FindSiteTest, ASiteThatWasNamedAndIsMissingIsNotReplacedByAnother) {
  files_.write("site.lua", "return {}");
  EXPECT_EQ(find_site("none.lua").error().code, "site.not_found");
  EXPECT_THAT(find_site("none.lua").error().message, HasSubstr("none.lua"));
  ::setenv("SNAPCORE_SITE", "gone.lua", 1);
  EXPECT_EQ(find_site(std::nullopt).error().code, "site.not_found");
  EXPECT_THAT(find_site(std::nullopt).error().message, HasSubstr("gone.lua (from SNAPCORE_SITE)"));
}

TEST_F(FindSiteTest, AllPlacesAreNamedWhenThereIsNone) {
  if (std::filesystem::exists("/etc/snapcore/site.lua")) GTEST_SKIP() << "this machine has a site";
  const auto found = find_site(std::nullopt);
  ASSERT_FALSE(found);
  for (const char* place : {"--site", "SNAPCORE_SITE", "./site.lua", "/etc/snapcore/site.lua"}) {
    EXPECT_THAT(found.error().message, HasSubstr(place));
  }
}

}  // namespace
}  // namespace snapcore::test
