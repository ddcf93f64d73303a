#include "snapcore/support/patience.hpp"

#include <gtest/gtest.h>

#include "snapcore/support/http_headers.hpp"

namespace snapcore {
namespace {

TEST(PatienceTest, PausesDoubleUpToALimitAndAreSpreadByChance) {
  EXPECT_EQ(pause_after(1, 1.0).count(), 100);
  EXPECT_EQ(pause_after(2, 1.0).count(), 200);
  EXPECT_EQ(pause_after(2, 0.5).count(), 100);
  EXPECT_EQ(pause_after(3, 0.0).count(), 0);
  EXPECT_EQ(pause_after(100, 1.0), kLongestPause);
}

TEST(PatienceTest, TokensRunOutAndComeBack) {
  RetryTokens tokens;
  for (int i = 0; i < RetryTokens::kFull / RetryTokens::kCost; ++i) EXPECT_TRUE(tokens.take());
  EXPECT_FALSE(tokens.take());
  for (int i = 0; i < RetryTokens::kCost; ++i) tokens.give_back();
  EXPECT_TRUE(tokens.take());
}

TEST(HttpHeadersTest, OnlyADateOfHttpIsOne) {
  EXPECT_EQ(http::date("Sun, 06 Nov 1994 08:49:37 GMT")->time_since_epoch().count(), 784111777);
  for (const char* text : {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
                           "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Xov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(http::date(text)) << text;
  }
}

TEST(HttpHeadersTest, AnExtentNamesItsFirstByteAndTheWhole) {
  EXPECT_EQ(http::extent("bytes 5-9/10")->first, 5u);
  EXPECT_EQ(http::extent("bytes 5-9/10")->total, 10u);
  for (const char* text : {"", "bytes */10", "bytes 5-9/*", "5-9/10", "bytes 5/9-10"}) {
    EXPECT_FALSE(http::extent(text)) << text;
  }
}

}  // namespace
}  // namespace snapcore
