#include <gtest/gtest.h>

#include <format/address.hpp>

namespace tfstate {
namespace {

TEST(Address, OfAModule) {
  for (const char* good : {"", "module.a", "module.a[0]", "module.a[\"x\"].module.b[12]",
                           "module.a[\"x.\\\"]\"].module.b", "module._a-1"}) {
    EXPECT_TRUE(is_module(good)) << good;
  }
  for (const char* bad : {"a", "module", "module.", "module.a.", "module.1a", "module.a[x]",
                          "module.a[\"x]", "module.a[]", "module.a.b", "module.a module.b"}) {
    EXPECT_FALSE(is_module(bad)) << bad;
  }
}

TEST(Address, OfAProvider) {
  for (const char* good : {R"(provider["registry.terraform.io/hashicorp/aws"])",
                           R"(provider["registry.opentofu.org/hashicorp/aws"].west)",
                           R"(module.a.provider["terraform.io/builtin/terraform"])", "provider.aws",
                           "provider.aws.west", "module.a.provider.aws",
                           R"(provider["registry.opentofu.org/hashicorp/aws"].by_region["eu"])",
                           R"(provider["registry.terraform.io/-/aws"])"}) {
    EXPECT_TRUE(is_provider(good)) << good;
  }
  for (const char* bad : {"", "aws", "provider", "provider.", R"(provider[""])",
                          R"(provider["a//b"])", R"(provider["a/b/c/d"])", R"(provider["a/b/c")",
                          R"(provider["a/b/c"].)", "provider.aws.", R"(provider["a b"])"}) {
    EXPECT_FALSE(is_provider(bad)) << bad;
  }
}

TEST(Address, OfAResource) {
  for (const char* good : {"aws_instance.web", "data.aws_ami.x", "module.a.aws_instance.web",
                           "module.a[0].data.aws_ami.x", "a.b[\"k\"]"}) {
    EXPECT_TRUE(is_resource(good)) << good;
  }
  for (const char* bad : {"", "aws_instance", "a.b.c", "module.a", "a.", ".b", "a.b["}) {
    EXPECT_FALSE(is_resource(bad)) << bad;
  }
}

TEST(Address, VersionsAreThoseTheToolsTake) {
  for (const char* good : {"1.9.0", "0.12.0", "1.10.0-rc1", "1.5", "v1.2.3", "1.0.0-alpha20220101",
                           "1.0.0+meta.1", "1.13.0-dev", "1.2.3beta", "1.2.3.4"}) {
    EXPECT_TRUE(is_version(good)) << good;
  }
  for (const char* bad : {"", "x", "1.", "1..2", "1.0.0-", "1.0.0 ", "1.0.0+", ".1", "1.0.0-a..b",
                          "9999999999999999999.0"}) {
    EXPECT_FALSE(is_version(bad)) << bad;
  }
}

TEST(Address, AKeyIsWrittenAsTheToolsWriteItAndHidesNothing) {
  EXPECT_EQ(key_address("a"), "[\"a\"]");
  EXPECT_EQ(key_address("a\"b\\c\nd"), R"(["a\"b\\c\nd"])");
  EXPECT_EQ(key_address("${x}%{y}$z"), R"(["$${x}%%{y}$z"])");
  EXPECT_EQ(key_address("a\xe2\x80\xae\x1b\xff"), R"(["a\xe2\x80\xae\x1b\xff"])");
}

TEST(Address, NamesAreComparedAsGoComparesThem) {
  EXPECT_EQ(folded("Serial"), "serial");
  EXPECT_EQ(folded("re\xc5\xbfource\xc5\xbf"), "resources");
  EXPECT_EQ(folded("chec\xe2\x84\xaa_results"), "check_results");
}

}  // namespace
}  // namespace tfstate
