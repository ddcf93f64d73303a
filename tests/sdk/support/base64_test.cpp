#include <gtest/gtest.h>

#include <snapcore/support/base64.hpp>
#include <string>

namespace snapcore {
namespace {

TEST(Base64, RoundTripsEveryLengthAndRefusesTheRest) {
  std::string bytes;
  for (int i = 0; i < 70; ++i) {
    EXPECT_EQ(from_base64(base64(bytes)), bytes) << i;
    bytes += static_cast<char>(i * 37);
  }
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  for (const char* text : {"a", "ab", "abc", "a===", "ab!=", "Zm 9"})
    EXPECT_FALSE(from_base64(text)) << text;
}

}  // namespace
}  // namespace snapcore
