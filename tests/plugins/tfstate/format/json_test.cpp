// JSON read as Go reads it, whatever the pieces it comes in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format/json_node.hpp>
#include <format/json_reader.hpp>

#include "states.hpp"

namespace tfstate {
namespace {

using ::testing::HasSubstr;

// "ok", or the message of the failure.
std::string skipped(std::string_view text, std::size_t piece) {
  JsonReader reader(test::in_pieces(text, piece));
  reader.skip();
  reader.finish();
  return reader.failure() ? reader.failure()->message : "ok";
}

std::string read_as_node(std::string_view text, std::size_t piece) {
  JsonReader reader(test::in_pieces(text, piece));
  const auto node = read_node(reader, 1 << 20);
  reader.finish();
  return reader.failure() ? reader.failure()->message : compact(*node);
}

TEST(Json, IsReadWholeWhateverThePiecesItComesIn) {
  const std::string_view text =
      R"( {"a" : [ 1, -2.5e+10 ,true,false , null, {} , [] ], "\u00fc\n" : "x\ud83d\ude00y" } )";
  for (std::size_t piece = 1; piece < text.size() + 2; ++piece) {
    EXPECT_EQ(skipped(text, piece), "ok") << piece;
    EXPECT_EQ(read_as_node(text, piece),
              "{\"a\":[1,-2.5e+10,true,false,null,{},[]],\"\xc3\xbc\\n\":\"x\xf0\x9f\x98\x80y\"}")
        << piece;
  }
}

TEST(Json, ThatGoRefusesIsRefusedPassedOverOrTaken) {
  const std::string_view wrong[] = {"",
                                    "{",
                                    "[1,]",
                                    "{\"a\":1,}",
                                    "{a:1}",
                                    "[01]",
                                    "[1.]",
                                    "[.5]",
                                    "[+1]",
                                    "[1e]",
                                    "[nul]",
                                    "[\"\\x\"]",
                                    "[\"\\u12g4\"]",
                                    "[\"\n\"]",
                                    "[1] 2",
                                    "[,1]",
                                    "{\"a\" 1}",
                                    "{\"a\":}",
                                    "[1 2]",
                                    "]",
                                    "[}",
                                    "{\"a\":1]",
                                    "// x\n1",
                                    "[NaN]",
                                    "['a']",
                                    "\xef\xbb\xbf{}",
                                    "[\"a",
                                    "[tru",
                                    "{\"a\":1 \"b\":2}"};
  for (const std::string_view text : wrong) {
    for (const std::size_t piece : {1U, 100U}) {
      EXPECT_NE(skipped(text, piece), "ok") << text;
      EXPECT_EQ(read_as_node(text, piece), skipped(text, piece)) << text;
    }
  }
}

TEST(Json, FailuresNameTheByte) {
  EXPECT_EQ(skipped("[1, x]", 100), "byte 4: a value expected");
  EXPECT_EQ(skipped("[1, 2", 100), "ends at byte 5, where the end of a list should follow");
  EXPECT_EQ(skipped("[1] 2", 100), "byte 4: nothing more expected");
}

TEST(Json, IsNestedTenThousandLevelsAtMost) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(skipped(nested(10000), 4096), "ok");
  EXPECT_THAT(skipped(nested(10001), 4096), HasSubstr("nested less deeply"));
}

TEST(Json, HalvesOfPairsAndBytesThatAreNoTextBecomeReplacements) {
  EXPECT_EQ(
      read_as_node(R"(["\ud800x","\udc00","\ud800\ud83d\ude00","\ud800\n"])", 1),
      "[\"\xef\xbf\xbdx\",\"\xef\xbf\xbd\",\"\xef\xbf\xbd\xf0\x9f\x98\x80\",\"\xef\xbf\xbd\\n\"]");
  EXPECT_EQ(read_as_node("[\"a\xff\xc3z\"]", 1), "[\"a\xef\xbf\xbd\xef\xbf\xbdz\"]");
}

TEST(Json, ATextThatIsTooLongForItsPlaceIsRefused) {
  JsonReader reader(std::string_view("\"abcdef\""));
  std::string text;
  EXPECT_FALSE(reader.text(text, 5));
  EXPECT_EQ(reader.failure()->code, "json.too_long");
}

TEST(Json, AValueThatIsTooLargeToBeLookedAtIsRefused) {
  JsonReader reader(std::string_view("[1,2,3,4,5,6,7,8,9]"));
  EXPECT_FALSE(read_node(reader, 500));
  EXPECT_EQ(reader.failure()->code, "json.too_large");
}

TEST(Json, WhatIsTappedIsExactlyTheValue) {
  for (const std::size_t piece : {1U, 3U, 100U}) {
    JsonReader reader(test::in_pieces("  {\"a\": 1}  , 2", piece));
    snapcore::Sha256 hash;
    reader.begin_tap(hash);
    reader.skip();
    reader.end_tap();
    EXPECT_EQ(snapcore::to_hex(hash.finish()), snapcore::sha256_hex("{\"a\": 1}"));
  }
}

TEST(Json, AFailureToReadIsHandedOn) {
  JsonReader reader([](std::span<std::byte>) -> Result<std::size_t> {
    return snapcore::fail({.code = "disk.bad", .message = "bad"});
  });
  reader.skip();
  EXPECT_EQ(reader.failure()->code, "disk.bad");
}

TEST(JsonNumber, IsTheSameWhateverItsSpelling) {
  EXPECT_TRUE(same_number("1.50", "15e-1"));
  EXPECT_TRUE(same_number("0", "-0.00"));
  EXPECT_TRUE(same_number("123456789012345678901234567890", "1.2345678901234567890123456789e29"));
  EXPECT_TRUE(same_number("1000", "1e3"));
  EXPECT_FALSE(same_number("18446744073709551616", "18446744073709551617"));
  EXPECT_FALSE(same_number("1", "-1"));
  EXPECT_FALSE(same_number("1e3", "1e99999999999999999999"));
}

TEST(JsonText, IsWrittenAsGoWritesIt) {
  std::string out;
  append_json_text(out, "a\"\\\n\x01<&>\xe2\x80\xa8\xff");
  EXPECT_EQ(out, R"("a\"\\\n\u0001\u003c\u0026\u003e\u2028\ufffd")");
}

}  // namespace
}  // namespace tfstate
