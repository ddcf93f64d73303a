// core/lease/FORMAT.md is true: its example reads, and is what snapcore writes.
#include <gtest/gtest.h>

#include <cstdlib>
#include <snapcore/support/digest.hpp>
#include <snapcore/value.hpp>

#include "base/real_file_system.hpp"
#include "lease/lease_text.hpp"

namespace snapcore {
namespace {

std::string example() {
  const char* source = std::getenv("SNAPCORE_SOURCE");
  RealFileSystem fs;
  const std::string page =
      read_file(fs, Path(source ? source : ".") / "core/lease/FORMAT.md", 1 << 20).value_or("");
  const std::string opening = "```lease\n";
  const std::size_t begin = page.find(opening);
  if (begin == std::string::npos) return "";
  const std::size_t first = begin + opening.size();
  return page.substr(first, page.find("```", first) - first);
}

TEST(LeaseFormatTest, TheExampleOfThePageIsALease) {
  const auto lease = parse_lease(example());
  ASSERT_TRUE(lease) << lease.error().message;
  EXPECT_EQ(lease->key, "notes-dir:db1:/srv/notes");
  EXPECT_EQ(lease->holder.run, "20260102T030405Z-abcd");
  EXPECT_EQ(lease->holder.host, "db1");
  EXPECT_EQ(lease->holder.words, "disk of db1 replaced");
  EXPECT_EQ(lease->holder.process.pid, 4711);
  EXPECT_EQ(lease->holder.process.start_ticks, 123456U);
  EXPECT_EQ(to_rfc3339(lease->expires), "2026-01-02T03:06:45Z");
  EXPECT_EQ(lease->released, std::nullopt);
  EXPECT_EQ(lease->fence, 7U);
  EXPECT_EQ(lease->revision, 12U);
}

TEST(LeaseFormatTest, TheExampleIsWhatSnapcoreWrites) {
  const auto lease = parse_lease(example());
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease_text(*lease), example());
}

TEST(LeaseFormatTest, UnknownMembersAreIgnored) {
  auto value = Value::parse(example());
  ASSERT_TRUE(value);
  value->erase("hash");
  (*value)["later"] = "member";
  (*value)["hash"] = sha256_hex(value->dump());
  const auto lease = parse_lease(value->dump() + "\n");
  ASSERT_TRUE(lease) << lease.error().message;
  EXPECT_EQ(lease_text(*lease), example());
}

TEST(LeaseFormatTest, TextThatIsNotUtf8IsStillWritten) {
  auto lease = parse_lease(example());
  ASSERT_TRUE(lease);
  lease->holder.words = "caf\xe9";
  EXPECT_EQ(parse_lease(lease_text(*lease))->holder.words, "caf\xef\xbf\xbd");
}

}  // namespace
}  // namespace snapcore
