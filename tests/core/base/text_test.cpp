#include "base/text.hpp"

#include <gtest/gtest.h>

#include <snapcore/value.hpp>

namespace snapcore {
namespace {

TEST(TextTest, BytesHaveAUnitThatFitsTheirSize) {
  EXPECT_EQ(describe_bytes(0), "0 B");
  EXPECT_EQ(describe_bytes(999), "999 B");
  EXPECT_EQ(describe_bytes(1000), "1.0 kB");
  EXPECT_EQ(describe_bytes(999949), "999.9 kB");
  EXPECT_EQ(describe_bytes(999999), "1.0 MB");
  EXPECT_EQ(describe_bytes(1234567890), "1.2 GB");
  EXPECT_EQ(describe_bytes(UINT64_MAX), "18.4 EB");
}

TEST(TextTest, NumbersAreGroupedAndCountsAgreeWithTheirNoun) {
  EXPECT_EQ(describe_number(0), "0");
  EXPECT_EQ(describe_number(999), "999");
  EXPECT_EQ(describe_number(10000), "10,000");
  EXPECT_EQ(describe_number(1234567), "1,234,567");
  EXPECT_EQ(describe_count(1, "record"), "1 record");
  EXPECT_EQ(describe_count(0, "record"), "0 records");
  EXPECT_EQ(describe_count(10000, "entry", "entries"), "10,000 entries");
}

TEST(TextTest, ForeignTextCannotSteerATerminalAndIsCutAtItsLimit) {
  EXPECT_EQ(printable("plain \xc3\xa4"), "plain \xc3\xa4");
  EXPECT_EQ(printable("a\x1b[31m\n"), "a\xef\xbf\xbd[31m\xef\xbf\xbd");
  EXPECT_EQ(printable("\xc2\x9b"
                      "1m"),
            "\xef\xbf\xbd"
            "1m");  // CSI as one character
  EXPECT_EQ(printable("abcdef", 4), "abcd...");
  EXPECT_EQ(printable("abc\xc3\xa4", 4), "abc...");  // never half a character
}

TEST(TextTest, WhateverBytesComeInTheResultIsTextThatJsonTakes) {
  for (unsigned first = 0; first < 256; ++first) {
    for (unsigned second = 0; second < 256; ++second) {
      const std::string bytes = {static_cast<char>(first), static_cast<char>(second), 'x'};
      const std::string text = valid_utf8(bytes);
      const auto back = Value::parse(Value(text).dump());
      ASSERT_TRUE(back) << first << " " << second;
      EXPECT_EQ(back->text(), text);
    }
  }
}

TEST(TextTest, TextThatIsUtf8IsNotTouched) {
  for (const char* text : {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_EQ(valid_utf8(text), text);
  }
  for (const char* bytes :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xe2\x82"}) {
    EXPECT_NE(valid_utf8(bytes), bytes);
  }
}

}  // namespace
}  // namespace snapcore
