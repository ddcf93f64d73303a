#include "catalog/detect_kind.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace snapcore {
namespace {

using namespace std::string_literals;

const std::vector<KindPattern> kPatterns = {
    {"note", 0, "NOTE"}, {"note-two", 0, "NOTE2"}, {"picture", 4, "\x00\xff"s}, {"nothing", 0, ""}};

std::optional<std::string> kind_of(std::string_view head) {
  return detect_kind(as_bytes(head), kPatterns);
}

TEST(DetectKindTest, TheMagicIsComparedAtItsOffset) {
  EXPECT_EQ(kind_of("NOTE and more"), "note");
  EXPECT_EQ(kind_of("abcd\x00\xff"s), "picture");
  EXPECT_EQ(kind_of("xNOTE"), std::nullopt);
  EXPECT_EQ(kind_of("abc\x00\xff"s), std::nullopt);
}

TEST(DetectKindTest, TheLongestMagicThatFitsWinsInAnyOrder) {
  auto patterns = kPatterns;
  std::reverse(patterns.begin(), patterns.end());
  for (const auto& order : {kPatterns, patterns}) {
    EXPECT_EQ(detect_kind(as_bytes("NOTE2"), order), "note-two");
    EXPECT_EQ(detect_kind(as_bytes("NOTE1"), order), "note");
  }
}

TEST(DetectKindTest, AHeadShorterThanTheMagicFitsNothing) {
  const std::string whole = "NOTE";
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_EQ(kind_of(whole.substr(0, size)), std::nullopt);
  const std::vector<KindPattern> far = {{"far", UINT64_MAX - 1, "magic"}};
  EXPECT_EQ(detect_kind(as_bytes(whole), far), std::nullopt);
}

TEST(DetectKindTest, WhatTwoPluginsClaimEquallyIsNobodysUnlessTheyAgree) {
  EXPECT_EQ(
      detect_kind(as_bytes("NOTE"), std::vector<KindPattern>{{"a", 0, "NOTE"}, {"b", 0, "NOTE"}}),
      std::nullopt);
  EXPECT_EQ(
      detect_kind(as_bytes("NOTE"), std::vector<KindPattern>{{"a", 0, "NOTE"}, {"a", 0, "NOTE"}}),
      "a");
}

TEST(DetectKindTest, TheHeadNeededReachesTheLastByteOfEveryMagic) {
  EXPECT_EQ(head_needed(kPatterns), 6U);
  EXPECT_EQ(head_needed({}), 0U);
}

}  // namespace
}  // namespace snapcore
