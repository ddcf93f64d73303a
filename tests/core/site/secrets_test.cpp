#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <snapcore/support/process.hpp>

#include "site/secret_forms.hpp"
#include "site_files.hpp"

namespace snapcore::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kCanary = "canary-5d1e";

std::string command(const std::string& script) {
  return "command:" + Value::array({"/bin/sh", "-c", script}).dump();
}

TEST(SecretTest, OneIsKnownAgainAfterItWasQuoted) {
  EXPECT_THAT(quoted_forms("plain-5d1e with spaces"), testing::IsEmpty());
  const std::string awkward = "a\"b'c\\d\ne";
  const auto forms = quoted_forms(awkward);
  for (const std::string& quoted :
       {process::shell_quoted("echo " + awkward), process::shell_quoted(awkward + "\n;"),
        Value::array({"x" + awkward}).dump(), "'it is " + std::string("a\"b'\\''c\\d\ne") + "'"}) {
    EXPECT_TRUE(std::any_of(forms.begin(), forms.end(), [&](const std::string& form) {
      return quoted.find(form) != std::string::npos;
    })) << quoted;
  }
}

TEST(SecretTest, TheEnvironmentGivesOne) {
  ::setenv("SITE_TEST_SECRET", "one two\n", 1);
  EXPECT_EQ(*fetch_secret("env:SITE_TEST_SECRET"), "one two\n");
  ::setenv("SITE_TEST_SECRET", "", 1);
  const auto empty = fetch_secret("env:SITE_TEST_SECRET");
  EXPECT_EQ(empty.error().code, "site.missing_secret");
  EXPECT_EQ(empty.error().message, "the secret env:SITE_TEST_SECRET is empty");
  ::unsetenv("SITE_TEST_SECRET");
  const auto missing = fetch_secret("env:SITE_TEST_SECRET");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "the secret env:SITE_TEST_SECRET is not set");
}

TEST(SecretTest, AFileGivesOneWithoutItsLastNewline) {
  const SiteFiles files;
  const auto fetch = [&](const std::string& text, mode_t mode = 0600) {
    return fetch_secret("file:" + files.write("secret", text, mode).string());
  };
  EXPECT_EQ(*fetch("x"), "x");
  EXPECT_EQ(*fetch("x\n"), "x");
  EXPECT_EQ(*fetch("x\n\n"), "x\n");
  EXPECT_EQ(*fetch(" x y "), " x y ");
  EXPECT_EQ(*fetch(std::string("a\0b\n", 4)), std::string("a\0b", 3));
  for (const auto& text : {std::string(), std::string("\n")}) {
    EXPECT_EQ(fetch(text).error().code, "site.missing_secret");
  }
  for (const mode_t mode : {0620, 0602, 0666}) {
    const auto unsafe = fetch(kCanary, mode);
    ASSERT_FALSE(unsafe);
    EXPECT_EQ(unsafe.error().code, "site.missing_secret");
    EXPECT_THAT(unsafe.error().message, HasSubstr("can be written by others"));
    EXPECT_THAT(to_value(unsafe.error()).dump(), Not(HasSubstr(kCanary)));
  }
  EXPECT_EQ(fetch(std::string(100'000, 'x')).error().code, "site.missing_secret");
  EXPECT_EQ(fetch_secret("file:" + files.root().string()).error().code, "site.missing_secret");
  EXPECT_EQ(fetch_secret("file:" + (files.root() / "none").string()).error().code,
            "site.missing_secret");
}

TEST(SecretTest, ACommandThatHangsIsEndedWithTheWaitForIt) {
  const auto ended = fetch_secret("command:[\"/bin/sleep\",\"1000\"]", [] { return true; });
  ASSERT_FALSE(ended);
  EXPECT_THAT(ended.error().message, HasSubstr("was cancelled"));
}

TEST(SecretTest, ACommandGivesOneAndSaysNothingOfItWhenItFails) {
  EXPECT_EQ(*fetch_secret(command("echo " + kCanary)), kCanary);
  EXPECT_EQ(*fetch_secret("command:[\"/bin/echo\",\"$HOME; a  b\"]"), "$HOME; a  b");
  for (const auto& script :
       {"echo " + kCanary + "; exit 3", "echo " + kCanary + " >&2; exit 1",
        "echo " + kCanary + "; kill -9 $$", std::string("true"), std::string("echo")}) {
    const auto failed = fetch_secret("command:" + Value::array({"/bin/sh", "-c", script}).dump());
    ASSERT_FALSE(failed) << script;
    EXPECT_EQ(failed.error().code, "site.missing_secret");
    EXPECT_THAT(failed.error().message, HasSubstr("was not given")) << script;
  }
  // What the program said may hold the secret; only how it ended is told.
  const SiteFiles files;
  const auto script = files.write(
      "give", "#!/bin/sh\necho " + kCanary + "\necho " + kCanary + " >&2\nexit 4\n", 0700);
  const auto failed = fetch_secret("command:" + Value::array({script.string()}).dump());
  ASSERT_FALSE(failed);
  EXPECT_THAT(to_value(failed.error()).dump(), Not(HasSubstr(kCanary)));
  EXPECT_THAT(failed.error().message, HasSubstr("exited with 4"));
}

TEST(SecretTest, ACommandGetsNoForeignEnvironment) {
  ::setenv("SITE_TEST_OTHER", kCanary.c_str(), 1);
  const auto seen = fetch_secret("command:[\"/usr/bin/env\"]");
  ::unsetenv("SITE_TEST_OTHER");
  ASSERT_TRUE(seen) << seen.error().message;
  EXPECT_THAT(*seen, Not(HasSubstr("SITE_TEST_OTHER")));
}

TEST(SecretTest, WhatIsNoReferenceIsNeverRepeated) {
  for (const auto& text :
       {kCanary, std::string(), "http:" + kCanary, std::string(":"), "ENV:" + kCanary}) {
    const auto failed = fetch_secret(text);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, "site.missing_secret");
    EXPECT_THAT(to_value(failed.error()).dump(), Not(HasSubstr(kCanary)));
  }
  for (const char* text : {"command:", "command:[]", "command:{}", "command:x", "command:[1]",
                           "command:[\"/none/such\"]"}) {
    EXPECT_EQ(fetch_secret(text).error().code, "site.missing_secret") << text;
  }
}

}  // namespace
}  // namespace snapcore::test
