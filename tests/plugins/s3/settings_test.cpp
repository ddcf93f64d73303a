#include "settings.hpp"

#include "address.hpp"
#include "credentials.hpp"
#include "fixture.hpp"

namespace s3 {
namespace {

TEST(S3IniTest, SectionsValuesCommentsAndBlocks) {
  const auto read = parse_ini(
      "# c\n[default]\r\nKey = a b ; no\nother=x#y\n\n[profile \"my  one\"] # c\n  a = 1\n  b = 2\n"
      "s3 =\n  addressing_style = path\n  x = y\nregion = r\n[default]\nother = later\n",
      "f");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->at("default").at("key"), "a b");
  EXPECT_EQ(read->at("default").at("other"), "later");
  const Section& mine = read->at("profile my one");
  EXPECT_EQ(mine.at("a") + mine.at("b"), "12");
  EXPECT_EQ(mine.at("s3.addressing_style"), "path");
  EXPECT_EQ(mine.at("region"), "r");
}

TEST(S3IniTest, AMalformedLineIsNamedByItsNumberAndNeverShown) {
  for (const char* text : {"[a]\nsecret-key\n", "x = 1\n", "[a\n", "[a] b\n", "[a]\n= v\n",
                           "[a]\nb = c\n   d = e\n"}) {
    const auto read = parse_ini(text, "file");
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, "s3.bad_profile_file");
    EXPECT_EQ(read.error().message.find("secret"), std::string::npos);
  }
  EXPECT_EQ(parse_ini("[a]\nb = c\nwrong\n", "file").error().message.substr(0, 7), "file:3:");
}

class S3SettingsTest : public S3Test {
 protected:
  void SetUp() override {
    environment_ = {{"HOME", home_.path().string()}, {"AWS_EC2_METADATA_DISABLED", "true"}};
  }
  void write(const char* name, std::string_view text) {
    std::filesystem::create_directories(home_.path() / ".aws");
    std::ofstream(home_.path() / ".aws" / name) << text;
  }
  Result<Settings> settled(const Config& config) {
    auto profile = read_profile(config, around());
    if (!profile) return fail(profile.error());
    return settle(config, *profile, around());
  }
  Result<aws::Credentials> credentials(const Config& config) {
    Result<aws::Credentials> found;
    ask([&](sdk::Call& call) -> Result<> {
      auto profile = read_profile(config, around());
      if (!profile) {
        found = fail(profile.error());
        return {};
      }
      auto lent = find_credentials(call, config, *profile, {.region = "r"}, around());
      found = lent ? Result<aws::Credentials>(lent->keys) : fail(lent.error());
      return {};
    });
    return found;
  }

  fakes::Scratch home_;
};

TEST_F(S3SettingsTest, TheSiteGoesBeforeTheEnvironmentAndThatBeforeTheProfile) {
  Config config{.bucket = "bucket"};
  EXPECT_EQ(settled(config)->region, "us-east-1");
  write("config",
        "[default]\nregion = of-profile\nendpoint_url = http://profile\nca_bundle = /p\n");
  EXPECT_EQ(settled(config)->region, "of-profile");
  EXPECT_EQ(settled(config)->endpoint, "http://profile");
  environment_["AWS_DEFAULT_REGION"] = "of-default";
  EXPECT_EQ(settled(config)->region, "of-default");
  environment_["AWS_REGION"] = "of-environment";
  environment_["AWS_ENDPOINT_URL"] = "http://all";
  environment_["AWS_CA_BUNDLE"] = "/e";
  EXPECT_EQ(settled(config)->region, "of-environment");
  EXPECT_EQ(settled(config)->endpoint, "http://all");
  EXPECT_EQ(settled(config)->ca_file, "/e");
  environment_["AWS_ENDPOINT_URL_S3"] = "http://s3";
  EXPECT_EQ(settled(config)->endpoint, "http://s3");
  environment_["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true";
  EXPECT_EQ(settled(config)->endpoint, std::nullopt);
  config.region = "of-site";
  config.endpoint = "http://site";
  config.ca = "/s";
  EXPECT_EQ(settled(config)->region, "of-site");
  EXPECT_EQ(settled(config)->endpoint, "http://site");
  EXPECT_EQ(settled(config)->ca_file, "/s");
}

TEST_F(S3SettingsTest, TheServicesOfAProfileNameAnEndpoint) {
  write("config",
        "[profile dev]\nservices = mine\nendpoint_url = http://general\n"
        "[services mine]\ndynamodb =\n  endpoint_url = http://other\ns3 =\n  endpoint_url = "
        "http://s3\n");
  EXPECT_EQ(settled({.bucket = "bucket", .profile = "dev"})->endpoint, "http://s3");
}

TEST_F(S3SettingsTest, AProfileThatIsNowhereIsAnErrorAndNoDefault) {
  write("config", "[default]\nregion = r\n");
  EXPECT_EQ(settled({.bucket = "bucket", .profile = "gone"}).error().code, "s3.no_profile");
  environment_["AWS_PROFILE"] = "gone";
  EXPECT_EQ(settled({.bucket = "bucket"}).error().code, "s3.no_profile");
}

TEST_F(S3SettingsTest, CredentialsComeFromTheFirstThatHasThem) {
  Config config{.bucket = "bucket"};
  EXPECT_EQ(credentials(config).error().code, "s3.no_credentials");
  write("config", "[default]\naws_access_key_id = C\naws_secret_access_key = c\n");
  EXPECT_EQ(credentials(config)->access_key, "C");
  write("credentials",
        "[default]\naws_access_key_id = F\naws_secret_access_key = f\naws_session_token = t\n"
        "[other]\naws_access_key_id = O\naws_secret_access_key = o\n");
  EXPECT_EQ(credentials(config)->access_key, "F");
  EXPECT_EQ(credentials(config)->session_token, "t");
  environment_["AWS_ACCESS_KEY_ID"] = "E";
  environment_["AWS_SECRET_ACCESS_KEY"] = "e";
  EXPECT_EQ(credentials(config)->access_key, "E");
  EXPECT_EQ(credentials(config)->session_token, "");
  config.profile = "other";
  EXPECT_EQ(credentials(config)->access_key, "O") << "a profile of the site is meant";
  host_.secrets["/access_key"] = "S";
  host_.secrets["/secret_key"] = "s";
  const auto from_site = sdk::from_value<Config>(
      *Value::parse(R"({"bucket": "bucket", "access_key": "env:A", "secret_key": "env:B"})"));
  ASSERT_TRUE(from_site) << from_site.error().message;
  EXPECT_EQ(credentials(*from_site)->access_key, "S");
}

TEST_F(S3SettingsTest, AKindOfCredentialsThatIsNotKnownIsNamed) {
  write("config", "[default]\nsso_session = x\n");
  const auto found = credentials({.bucket = "bucket"});
  EXPECT_EQ(found.error().code, "s3.unsupported_credentials");
  EXPECT_NE(found.error().message.find("sso_session"), std::string::npos);
}

std::string url(const Settings& settings, const std::string& region, const std::string& key) {
  const auto address = address_of(settings, region);
  return address ? address->origin + address->path(key) + " " + address->host
                 : address.error().code;
}

TEST(S3AddressTest, TheBucketStandsWhereTheStoreLooksForIt) {
  Settings settings{.bucket = "bucket"};
  EXPECT_EQ(url(settings, "eu-west-1", "a/b c"),
            "https://bucket.s3.eu-west-1.amazonaws.com/a/b%20c "
            "bucket.s3.eu-west-1.amazonaws.com");
  EXPECT_EQ(url(settings, "cn-north-1", ""),
            "https://bucket.s3.cn-north-1.amazonaws.com.cn/ "
            "bucket.s3.cn-north-1.amazonaws.com.cn");
  settings.bucket = "my.bucket";
  EXPECT_EQ(url(settings, "eu-west-1", "k"),
            "https://s3.eu-west-1.amazonaws.com/my.bucket/k s3.eu-west-1.amazonaws.com")
      << "no certificate covers two labels";
  settings = {.bucket = "bucket", .endpoint = "HTTP://Host:9000/base/"};
  EXPECT_EQ(url(settings, "x", "k"), "http://host:9000/base/bucket/k host:9000");
  EXPECT_EQ(url(settings, "x", ""), "http://host:9000/base/bucket host:9000");
  settings.endpoint = "https://host:443";
  settings.addressing = Addressing::kVirtual;
  EXPECT_EQ(url(settings, "x", "k"), "https://bucket.host/k bucket.host");
  settings.endpoint = "http://127.0.0.1:9000";
  EXPECT_EQ(url(settings, "x", "k"), "s3.bad_setting") << "an address has no names below it";
  settings.addressing = Addressing::kAuto;
  EXPECT_EQ(url(settings, "x", "k"), "http://127.0.0.1:9000/bucket/k 127.0.0.1:9000");
}

TEST(S3AddressTest, WhatIsNoEndpointIsRefused) {
  for (const char* endpoint :
       {"", "host", "ftp://host", "https://", "https://:80", "https://u@host", "https://host?x",
        "https://host/#x", "https://ho st"}) {
    EXPECT_EQ(url({.bucket = "bucket", .endpoint = endpoint}, "x", "k"), "s3.bad_setting")
        << endpoint;
  }
}

}  // namespace
}  // namespace s3
