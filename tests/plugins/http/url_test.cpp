// Which URLs are taken, and what the site may say.
#include "url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "settings.hpp"

namespace web {
namespace {

using snapcore::Value;
using testing::HasSubstr;
using testing::Not;
namespace sdk = snapcore::sdk;

TEST(WebUrlTest, AUrlIsReadAsItIsAsked) {
  const auto url = parse_url("HTTPS://Host.Example/a/../b%20c/snap%2Bone.db?x=1#part");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->origin(), "https://host.example:443");
  EXPECT_EQ(url->path, "/a/../b%20c/snap%2Bone.db");
  EXPECT_EQ(url->name(), "snap+one.db");
  EXPECT_TRUE(url->has_query);
  EXPECT_THAT(url->text, Not(HasSubstr("#")));
  EXPECT_EQ(parse_url("http://[::1]:9000/")->origin(), "http://[::1]:9000");
  EXPECT_EQ(parse_url("http://host")->name(), "host");
}

TEST(WebUrlTest, WhatIsNoUrlOrNamesAUserIsRefusedWithoutBeingShown) {
  for (const char* text : {"", "host/a", "ftp://host/a", "file:///etc/passwd", "http://",
                           "http:///a", "http://ho st/", "https://user:secret@host/",
                           "https://user@host/", "http://host:99999/", "httpsx://host/"}) {
    const auto url = parse_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().code, "http.bad_url") << text;
    EXPECT_THAT(url.error().message, Not(HasSubstr("secret")));
  }
}

TEST(WebUrlTest, ARedirectLeadsToHttpAndHttpsAndNeverBackFromIt) {
  const Url from = *parse_url("https://host/a/b?x");
  EXPECT_EQ(redirected(from, "c")->text, "https://host/a/c");
  EXPECT_EQ(redirected(from, "/c?d")->text, "https://host/c?d");
  EXPECT_EQ(redirected(from, "//other/c")->origin(), "https://other:443");
  for (const char* location : {"", "http://host/", "file:///etc/passwd", "ftp://host/",
                               "https://user:secret@host/", "gopher://host/"}) {
    const auto next = redirected(from, location);
    ASSERT_FALSE(next) << location;
    EXPECT_EQ(next.error().code, "http.bad_redirect");
    EXPECT_THAT(next.error().message, Not(HasSubstr("secret")));
  }
  EXPECT_TRUE(redirected(*parse_url("http://host/"), "https://host/"));
}

TEST(WebUrlTest, AQueryThatLetsInIsKnown) {
  EXPECT_TRUE(lets_in("https://h/a?x=1&X-Amz-Signature=abc"));
  EXPECT_TRUE(lets_in("https://h/a?sig=abc"));
  EXPECT_TRUE(lets_in("https://h/a?access_token=abc#x"));
  EXPECT_FALSE(lets_in("https://h/a?version=3&signatures=1"));
  EXPECT_FALSE(lets_in("https://h/sig=1"));
}

std::string problem(const char* json) {
  auto config = sdk::from_value<Config>(*Value::parse(json));
  if (!config) return config.error().message;
  auto settings = settle(*config);
  return settings ? "" : settings.error().message;
}

TEST(WebSettingsTest, WhatContradictsItselfIsRefused) {
  EXPECT_EQ(problem("{}"), "");
  EXPECT_EQ(problem(R"({"artifacts": [{"url": "https://h/a"}], "token": "env:T"})"), "");
  EXPECT_EQ(problem(R"({"token": "env:T", "send_to": ["https://h"]})"), "");
  EXPECT_THAT(problem(R"({"token": "env:T"})"), HasSubstr("nobody they are for"));
  EXPECT_THAT(problem(R"({"user": "u", "send_to": ["https://h"]})"),
              HasSubstr("without the other"));
  EXPECT_THAT(problem(R"({"user": "u", "password": "env:P", "token": "env:T"})"),
              HasSubstr("exclude"));
  EXPECT_THAT(problem(R"({"token": "env:T", "send_to": ["https://h/a"]})"), HasSubstr("no origin"));
  EXPECT_THAT(problem(R"({"artifacts": [{}]})"), HasSubstr("one of url and secret_url"));
  EXPECT_THAT(problem(R"({"artifacts": [{"secret_url": "env:U"}]})"), HasSubstr("no name"));
  EXPECT_THAT(problem(R"({"artifacts": [{"url": "https://h/a", "sha256": "abc"}]})"),
              HasSubstr("no SHA-256"));
  EXPECT_THAT(problem(R"({"artifacts": [{"url": "https://h/a"}, {"url": "https://h/a"}]})"),
              HasSubstr("twice"));
  const std::string signed_url =
      problem(R"({"artifacts": [{"url": "https://h/a?X-Amz-Signature=hidden"}]})");
  EXPECT_THAT(signed_url, HasSubstr("looks like a secret"));
  EXPECT_THAT(signed_url, Not(HasSubstr("hidden")));
  EXPECT_THAT(problem(R"({"artifacts": [{"url": "https://u:hidden@h/a"}]})"),
              HasSubstr("names a user or a password"));
}

}  // namespace
}  // namespace web
