#include "base/random.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace snapcore {
namespace {

TEST(RandomTest, HexHasTheLengthAskedForAndIsNotTheSameTwice) {
  for (std::size_t digits = 0; digits < 40; ++digits) {
    const auto hex = random_hex(digits);
    ASSERT_TRUE(hex);
    EXPECT_EQ(hex->size(), digits);
    EXPECT_EQ(hex->find_first_not_of("0123456789abcdef"), std::string::npos);
  }
  EXPECT_NE(*random_hex(32), *random_hex(32));
}

TEST(RandomTest, AUuidIsOfVersionFour) {
  std::set<std::string> seen;
  for (int i = 0; i < 200; ++i) {
    const auto uuid = random_uuid();
    ASSERT_TRUE(uuid);
    EXPECT_THAT(*uuid, testing::MatchesRegex(
                           "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    EXPECT_TRUE(seen.insert(*uuid).second);
  }
}

}  // namespace
}  // namespace snapcore
