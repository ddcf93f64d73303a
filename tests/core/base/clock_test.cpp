#include "base/clock.hpp"

#include <gtest/gtest.h>

namespace snapcore {
namespace {

TEST(ClockTest, ATimeReadsBackAsItWasWritten) {
  const auto time = parse_time("2026-02-28T23:59:59Z");
  ASSERT_TRUE(time);
  EXPECT_EQ(to_rfc3339(*time), "2026-02-28T23:59:59Z");
  EXPECT_EQ(to_stamp(*time), "20260228T235959Z");
}

TEST(ClockTest, AnOffsetAndAFractionAreUnderstood) {
  EXPECT_EQ(to_rfc3339(*parse_time("2026-03-01T01:30:00.123+02:00")), "2026-02-28T23:30:00Z");
}

TEST(ClockTest, WhatIsNoTimeIsRefused) {
  for (const char* text :
       {"", "2026-02-30T00:00:00Z", "2026-02-03T24:00:00Z", "2026-02-03 00:00:00Z",
        "2026-02-03T00:00:00", "2026-02-03T00:00:00+2", "yesterday"}) {
    EXPECT_FALSE(parse_time(text)) << text;
  }
}

TEST(ClockTest, ADurationHasANumberAndAUnit) {
  EXPECT_EQ(parse_duration("26h")->count(), 26 * 3600);
  EXPECT_EQ(parse_duration("7d")->count(), 7 * 86400);
  for (const char* text : {"", "h", "-1h", "26", "26 h", "1y", "99999999999999999999s"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

}  // namespace
}  // namespace snapcore
