#include "cli/options.hpp"

#include <gmock/gmock.h>

#include <array>

namespace snapcore {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::array kKnown = {Option{"site", "FILE", ""}, Option{"set", "K=V", "", true},
                               Option{"output,o", "FILE", ""}, Option{"yes", "", ""}};

TEST(OptionsTest, OptionsAndWordsMayBeMixed) {
  const auto options =
      parse_options(kKnown, {"a", "--set", "x=1", "b", "--yes", "--set=y=2", "-o", "f", "c=--d"});
  ASSERT_TRUE(options) << options.error().message;
  EXPECT_THAT(options->words(), ElementsAre("a", "b", "c=--d"));
  EXPECT_THAT(options->all("set"), ElementsAre("x=1", "y=2"));
  EXPECT_EQ(options->get("output"), "f");
  EXPECT_TRUE(options->has("yes"));
  EXPECT_FALSE(options->has("site"));
}

TEST(OptionsTest, AfterTwoDashesEverythingIsAWord) {
  const auto options = parse_options(kKnown, {"--yes", "--", "--yes", "-o"});
  ASSERT_TRUE(options);
  EXPECT_THAT(options->words(), ElementsAre("--yes", "-o"));
}

TEST(OptionsTest, WhatIsWrongIsNamed) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{"--nonsense"}, "--nonsense"},
      {{"--ye"}, "--ye"},
      {{"--site"}, "--site"},
      {{"--yes=1"}, "--yes"},
      {{"--site", "a", "--site", "b"}, "--site"},
      {{"-x"}, "-x"}};
  for (const auto& [arguments, named] : cases) {
    const auto options = parse_options(kKnown, arguments);
    ASSERT_FALSE(options) << named;
    EXPECT_THAT(options.error().code, HasSubstr("arguments."));
    EXPECT_THAT(options.error().message, HasSubstr(named));
    EXPECT_THAT(options.error().hint, HasSubstr("snapcore help"));
  }
}

TEST(OptionsTest, TheCommandIsTheFirstWordThatIsNoOptionOrItsValue) {
  const Split split =
      split_command(kKnown, {"--site", "run", "--yes", "plan", "--set", "a=b", "run"});
  EXPECT_EQ(split.command, "plan");
  EXPECT_THAT(split.rest, ElementsAre("--site", "run", "--yes", "--set", "a=b", "run"));
  EXPECT_EQ(split_command(kKnown, {"--site=x", "runs"}).command, "runs");
  EXPECT_EQ(split_command(kKnown, {"--site"}).command, "");
}

TEST(OptionsTest, APairHasANameAndMayHaveAnEmptyValue) {
  const auto pair = parse_pair("a=b=c", "K=V");
  ASSERT_TRUE(pair);
  EXPECT_EQ(pair->name, "a");
  EXPECT_EQ(pair->value, "b=c");
  EXPECT_TRUE(parse_pair("a=", "K=V"));
  EXPECT_FALSE(parse_pair("=b", "K=V"));
  EXPECT_FALSE(parse_pair("ab", "K=V"));
}

}  // namespace
}  // namespace snapcore
