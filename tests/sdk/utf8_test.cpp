#include <gtest/gtest.h>

#include <cstdint>
#include <snapcore/utf8.hpp>
#include <string>

namespace snapcore {
namespace {

constexpr std::uint32_t kLastPoint = 0x10ffff;

// The form of that many bytes, also where a shorter one would do.
std::string encoded(std::uint32_t point, std::size_t length) {
  constexpr unsigned kMarks[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
  std::string bytes(length, '\0');
  for (std::size_t at = length - 1; at > 0; --at, point >>= 6)
    bytes[at] = static_cast<char>(0x80 | (point & 0x3f));
  bytes[0] = static_cast<char>(kMarks[length] | point);
  return bytes;
}

std::size_t shortest(std::uint32_t point) {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

bool is_surrogate(std::uint32_t point) { return point >= 0xd800 && point <= 0xdfff; }

TEST(Utf8Test, EveryCodePointInItsShortestFormIsTextAndEverySurrogateIsNone) {
  for (std::uint32_t point = 0; point <= kLastPoint; ++point) {
    const std::string bytes = encoded(point, shortest(point));
    const bool text = !is_surrogate(point);
    ASSERT_EQ(is_utf8(bytes), text) << std::hex << point;
    ASSERT_EQ(utf8_sequence_length(bytes + "x"), text ? bytes.size() : 0) << std::hex << point;
  }
}

TEST(Utf8Test, OverlongFormsAreNone) {
  for (std::uint32_t point = 0; point < 0x10000; ++point) {
    for (std::size_t length = shortest(point) + 1; length <= 4; ++length) {
      ASSERT_FALSE(is_utf8(encoded(point, length))) << std::hex << point << " in " << length;
    }
  }
}

TEST(Utf8Test, NothingLiesAboveTheLastCodePoint) {
  for (std::uint32_t point = kLastPoint + 1; point < 0x200000; ++point)
    ASSERT_FALSE(is_utf8(encoded(point, 4))) << std::hex << point;
  for (unsigned first = 0xf5; first <= 0xff; ++first)
    EXPECT_FALSE(is_utf8(static_cast<char>(first) + std::string("\x80\x80\x80\x80\x80"))) << first;
}

TEST(Utf8Test, WhatIsCutOffOrGoesOnWrongIsNone) {
  for (const std::uint32_t point : {0x80u, 0x7ffu, 0x800u, 0xffffu, 0x10000u, kLastPoint}) {
    const std::string whole = encoded(point, shortest(point));
    for (std::size_t size = 1; size < whole.size(); ++size) {
      const std::string cut = whole.substr(0, size);
      EXPECT_EQ(utf8_sequence_length(cut), 0u) << std::hex << point << " to " << size;
      EXPECT_FALSE(is_utf8("before " + cut)) << std::hex << point << " to " << size;
      EXPECT_FALSE(is_utf8(cut + " behind")) << std::hex << point << " to " << size;
      EXPECT_FALSE(is_utf8(whole.substr(size))) << std::hex << point << " from " << size;
    }
  }
}

TEST(Utf8Test, NothingIsTextButNoSequence) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_EQ(utf8_sequence_length(""), 0u);
  EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
}

TEST(ShownTest, WhatNobodySeesIsWrittenOut) {
  for (const std::uint32_t point :
       {0x00u, 0x1bu, 0x7fu, 0x80u, 0x9fu, 0xadu, 0x61cu, 0x200bu, 0x200eu, 0x200fu, 0x2028u,
        0x202au, 0x202eu, 0x2066u, 0x2069u, 0xfeffu, 0xe0041u}) {
    const std::string hidden = encoded(point, shortest(point));
    EXPECT_TRUE(is_invisible(hidden)) << std::hex << point;
    const std::string text = shown("a" + hidden + "b");
    EXPECT_EQ(text.size(), 2 + 4 * hidden.size()) << std::hex << point;
    EXPECT_EQ(text.substr(0, 3), "a\\x") << std::hex << point;
  }
  EXPECT_EQ(shown("\xe2\x80\xaetxt.exe"), "\\xe2\\x80\\xaetxt.exe");
}

TEST(ShownTest, TextStaysAsItIsAndTellsItselfFromWhatWasWrittenOut) {
  EXPECT_EQ(shown("/k/Grüße/日本 ~"), "/k/Grüße/日本 ~");
  EXPECT_EQ(shown("\xff"), "\\xff");
  EXPECT_EQ(shown("\\xff"), "\\\\xff");
  EXPECT_EQ(shown("\xe2\x80"), "\\xe2\\x80") << "cut off";
}

}  // namespace
}  // namespace snapcore
