#include <gtest/gtest.h>

#include <format/lock_info.hpp>

namespace tfstate {
namespace {

// As OpenTofu 1.12 writes it; the order and the escapes matter, see lock_info.hpp.
constexpr char kWritten[] =
    R"({"ID":"30ed6f4f-6d79-48e0-9b1a-0f2bd93d6c43","Operation":"OperationTypeApply","Info":"","Who":"a\u003cb@host","Version":"1.12.6","Created":"2026-01-02T03:04:05.123456789Z","Path":"terraform.tfstate"})";

TEST(LockInfo, IsWrittenAsTheToolsWriteIt) {
  const auto info = LockInfo::from_json(kWritten);
  ASSERT_TRUE(info);
  EXPECT_EQ(info->operation, "OperationTypeApply");
  EXPECT_EQ(info->who, "a<b@host");
  EXPECT_EQ(info->path, "terraform.tfstate");
  EXPECT_EQ(info->to_json(), kWritten);
}

TEST(LockInfo, IsReadAsTheToolsReadIt) {
  EXPECT_EQ(LockInfo::from_json(R"({"id":"x","WHO":"me","Other":[1]})")->who, "me");
  EXPECT_EQ(LockInfo::from_json("{}")->id, "");
  for (const char* wrong : {"", "x", "[]", "{\"ID\":1}", "{} {}"})
    EXPECT_FALSE(LockInfo::from_json(wrong)) << wrong;
}

TEST(LockInfo, AnIdIsARandomUuidThatIsTheSameForTheSameKey) {
  EXPECT_EQ(uuid_from("0123456789abcdef0123456789abcdef01234567"),
            "01234567-89ab-4def-8123-456789abcdef");
  EXPECT_EQ(uuid_from(""), "00000000-0000-4000-8000-000000000000");
}

}  // namespace
}  // namespace tfstate
