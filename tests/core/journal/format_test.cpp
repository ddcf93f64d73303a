// core/journal/FORMAT.md is true: its example reads, and it names every type there is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <snapcore/support/digest.hpp>

#include "base/real_file_system.hpp"
#include "fakes/fake_file_system.hpp"
#include "journal/journal.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;

std::string format_page() {
  const char* source = std::getenv("SNAPCORE_SOURCE");
  RealFileSystem fs;
  return read_file(fs, Path(source ? source : ".") / "core/journal/FORMAT.md", 1 << 20)
      .value_or("");
}

std::string example() {
  const std::string page = format_page();
  const std::string opening = "```journal\n";
  const std::size_t begin = page.find(opening);
  if (begin == std::string::npos) return "";
  const std::size_t first = begin + opening.size();
  return page.substr(first, page.find("```", first) - first);
}

TEST(JournalFormatTest, TheExampleOfThePageIsAJournal) {
  FakeFileSystem fs;
  fs.put("/example", example());
  std::vector<std::string> types;
  const auto extent = read_journal(fs, "/example", [&](const Record& record) {
    types.push_back(record.type);
    return Result<>();
  });
  ASSERT_TRUE(extent) << extent.error().message;
  EXPECT_EQ(extent->dropped_bytes, 0U);
  EXPECT_THAT(types, testing::ElementsAre("run", "intent", "undo_recorded", "result", "end"));
}

TEST(JournalFormatTest, TheExampleIsWhatSnapcoreWrites) {
  FakeFileSystem page, fs;
  page.put("/example", example());
  FakeClock clock{*parse_time("2026-01-02T03:04:05Z")};
  auto journal = Journal::create(fs, "/journal", clock);
  ASSERT_TRUE(journal);
  ASSERT_TRUE(read_journal(page, "/example", [&](const Record& record) {
    clock.advance(record.at - clock.now());
    EXPECT_TRUE((*journal)->append(record.type, record.body));
    return Result<>();
  }));
  EXPECT_EQ(fs.contents("/journal"), example());
}

TEST(JournalFormatTest, TheHashIsTheOneThePageDescribes) {
  const std::string text = example();
  const std::size_t end = text.find('\n');
  const auto header = Value::parse(text.substr(0, end));
  auto first = Value::parse(text.substr(end + 1, text.find('\n', end + 1) - end - 1));
  ASSERT_TRUE(header && first);
  const std::string hash = first->at("hash").text();
  first->erase("hash");
  EXPECT_EQ(sha256_hex(header->at("hash").text() + first->dump()), hash);
}

TEST(JournalFormatTest, ThePageNamesEveryTypeAndTheLimit) {
  const std::string page = format_page();
  for (const std::string_view type : record::kAll) {
    if (type == record::kHeader) continue;
    EXPECT_THAT(page, HasSubstr("\n| `" + std::string(type) + "` | "));
  }
  EXPECT_THAT(page, HasSubstr("8,388,608 bytes"));
  EXPECT_EQ(kMaxRecordBytes, 8388608U);
}

}  // namespace
}  // namespace snapcore
