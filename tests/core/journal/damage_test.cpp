// What damage to a journal's bytes is taken for: an unfinished last record is cut off, all else is
// named.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "fakes/fake_file_system.hpp"
#include "journal/journal.hpp"
#include "journal/record_line.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;

const Path kPath = "/journal.jsonl";
const FakeClock kClock{*parse_time("2026-01-02T03:04:05Z")};

std::string journal_bytes(const std::vector<std::string>& notes) {
  FakeFileSystem fs;
  const auto journal = Journal::create(fs, kPath, kClock);
  for (const std::string& note : notes) {
    EXPECT_TRUE((*journal)->append(record::kNote, Value::object({{"text", note}})));
  }
  return fs.contents(kPath);
}

Result<JournalExtent> read_bytes(std::string bytes) {
  FakeFileSystem fs;
  fs.put(kPath, std::move(bytes));
  return read_journal(fs, kPath, {});
}

// Where the line of the last record begins.
std::size_t last_line(const std::string& bytes) { return bytes.rfind('\n', bytes.size() - 2) + 1; }

TEST(JournalDamageTest, CutAtAnyByteItHoldsTheRecordsThatAreWhole) {
  const std::string whole = journal_bytes({"first", std::string(600, 'a'), "third"});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto lines = static_cast<std::uint64_t>(
        std::count(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size), '\n'));
    FakeFileSystem fs;
    fs.put(kPath, whole.substr(0, size));
    const auto journal = Journal::open(fs, kPath, kClock);
    if (lines == 0) {
      ASSERT_FALSE(journal);
      EXPECT_EQ(journal.error().code, "journal.empty");
      continue;
    }
    ASSERT_TRUE(journal) << size << ": " << journal.error().message;
    EXPECT_EQ((*journal)->head().seq, lines - 1);
    const std::size_t kept = whole.rfind('\n', size - 1) + 1;
    EXPECT_EQ((*journal)->dropped_bytes(), size - kept);
    // The next record follows the last whole one, and both last.
    ASSERT_TRUE((*journal)->append(record::kNote, "next"));
    fs.lose_power();
    EXPECT_TRUE(fs.contents(kPath).starts_with(whole.substr(0, kept)));
    EXPECT_EQ(Journal::open(fs, kPath, kClock).value()->head().seq, lines);
  }
}

TEST(JournalDamageTest, AFlippedBitAnywhereIsCorruptionAlsoInTheLastRecord) {
  const std::string whole = journal_bytes({"first", "second"});
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bytes = whole;
      bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
      const auto read = read_bytes(bytes);
      ASSERT_FALSE(read) << "byte " << at << " bit " << bit;
      EXPECT_EQ(read.error().code, "journal.corrupt") << "byte " << at << " bit " << bit;
      EXPECT_EQ(read.error().category, Category::kCorrupt);
      EXPECT_THAT(read.error().message, HasSubstr(kPath.string()));
    }
  }
}

TEST(JournalDamageTest, AByteTakenOutOrPutInIsCorruption) {
  const std::string whole = journal_bytes({"first", "second"});
  for (std::size_t at = 0; at + 1 < whole.size(); ++at) {
    std::string less = whole, more = whole;
    less.erase(at, 1);
    more.insert(at, 1, ' ');
    EXPECT_EQ(read_bytes(less).error().code, "journal.corrupt") << at;
    EXPECT_EQ(read_bytes(more).error().code, "journal.corrupt") << at;
  }
}

TEST(JournalDamageTest, ALineTakenOutOrDoubledOrMovedIsCorruption) {
  const std::string whole = journal_bytes({"first", "second", "third"});
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < whole.size();) {
    const std::size_t end = whole.find('\n', at) + 1;
    lines.push_back(whole.substr(at, end - at));
    at = end;
  }
  const auto joined = [](const std::vector<std::string>& parts) {
    std::string all;
    for (const auto& part : parts) all += part;
    return all;
  };
  for (std::size_t at = 0; at + 1 < lines.size(); ++at) {
    auto missing = lines, doubled = lines, moved = lines;
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(at));
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(at), lines[at]);
    std::swap(moved[at], moved[at + 1]);
    for (const auto& changed : {missing, doubled, moved}) {
      EXPECT_EQ(read_bytes(joined(changed)).error().code, "journal.corrupt") << at;
    }
  }
}

TEST(JournalDamageTest, ASectorOfZerosInTheLastRecordIsAnUnfinishedWrite) {
  for (std::size_t start = 0; start < 520;
       start += 13) {  // where in its sector the last line begins
    const std::string whole = journal_bytes({std::string(start, 'p'), std::string(2000, 'a')});
    const std::size_t last = last_line(whole);
    for (std::size_t sector = last / 512; sector <= (whole.size() - 1) / 512; ++sector) {
      std::string bytes = whole;
      const std::size_t from = std::max(last, sector * 512),
                        to = std::min(whole.size(), (sector + 1) * 512);
      std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(from),
                bytes.begin() + static_cast<std::ptrdiff_t>(to), '\0');
      const auto read = read_bytes(bytes);
      ASSERT_TRUE(read) << start << " " << sector << ": " << read.error().message;
      EXPECT_EQ(read->records, 1U);
      EXPECT_EQ(read->dropped_bytes, whole.size() - last);
    }
  }
}

TEST(JournalDamageTest, ASectorOfZerosBeforeTheLastRecordIsCorruption) {
  const std::string whole = journal_bytes({std::string(2000, 'a'), "last"});
  for (std::size_t sector = 0; sector < last_line(whole) / 512; ++sector) {
    std::string bytes = whole;
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(sector * 512), 512, '\0');
    EXPECT_EQ(read_bytes(bytes).error().code, "journal.corrupt") << sector;
  }
}

TEST(JournalDamageTest, ZerosThatFillNoSectorAreCorruption) {
  const std::string whole = journal_bytes({std::string(2000, 'a')});
  const std::size_t middle = (last_line(whole) / 512 + 2) * 512;
  for (const std::size_t from : {middle, middle + 1}) {
    std::string bytes = whole;
    std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(from), 511, '\0');
    EXPECT_EQ(read_bytes(bytes).error().code, "journal.corrupt");
  }
}

TEST(JournalDamageTest, ZerosBehindTheLastRecordAreAnUnfinishedWrite) {
  const std::string whole = journal_bytes({"first"});
  for (const std::size_t count : {1U, 511U, 512U, 513U, 5000U}) {
    const auto read = read_bytes(whole + std::string(count, '\0'));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->records, 1U);
    EXPECT_EQ(read->dropped_bytes, count);
  }
}

TEST(JournalDamageTest, AZeroInThePlaceOfTheNewlineIsAnUnfinishedWriteOnlyWhereItsSectorBegins) {
  const std::size_t fills_its_sector = 512 + (513 - journal_bytes({""}).size() % 512) % 512;
  for (std::size_t length = fills_its_sector - 3; length < fills_its_sector + 3; ++length) {
    std::string bytes = journal_bytes({std::string(length, 'a')});
    const bool sector_begins = length == fills_its_sector;
    bytes.back() = '\0';
    const auto read = read_bytes(bytes);
    EXPECT_EQ(read.has_value(), sector_begins) << length;
    EXPECT_TRUE(read || read.error().code == "journal.corrupt");
  }
}

TEST(JournalDamageTest, AnUnfinishedLineLongerThanAnyRecordIsDroppedAFinishedOneIsCorruption) {
  const std::string whole = journal_bytes({"first"});
  const std::string huge(kMaxRecordBytes + 10, 'x');
  EXPECT_EQ(read_bytes(whole + huge).value().dropped_bytes, huge.size());
  EXPECT_EQ(read_bytes(whole + huge + "\n").error().code, "journal.corrupt");
}

// A line as a later snapcore may write it: its hash is right.
std::string line(std::uint64_t seq, std::string type, Value body, std::string& previous) {
  Record record{.seq = seq, .type = std::move(type), .at = kClock.now(), .body = std::move(body)};
  auto text = write_line(record, previous);
  EXPECT_TRUE(text);
  previous = record.hash;
  return *text;
}

TEST(JournalDamageTest, ARecordOfAnUnknownTypeIsANewerJournal) {
  std::string previous = genesis_hash();
  const std::string header =
      line(0, "header", Value::object({{"format", "snapcore-journal"}, {"version", 1}}), previous);
  const std::string strange = line(1, "omen", Value(), previous);
  const std::string after = line(2, "note", Value(), previous);
  for (const std::string& bytes : {header + strange, header + strange + after}) {
    const auto read = read_bytes(bytes);
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().code, "journal.newer");
    EXPECT_THAT(read.error().message, HasSubstr("omen"));
  }
}

TEST(JournalDamageTest, AHeaderOfAnotherVersionIsANewerJournalOfAnotherFormatNone) {
  const std::vector<std::pair<Value, std::string>> headers = {
      {Value::object({{"format", "snapcore-journal"}, {"version", 2}}), "journal.newer"},
      {Value::object({{"format", "snapcore-plan"}, {"version", 1}}), "journal.not_a_journal"},
      {Value(), "journal.not_a_journal"}};
  for (const auto& [body, code] : headers) {
    std::string previous = genesis_hash();
    EXPECT_EQ(read_bytes(line(0, "header", body, previous)).error().code, code);
  }
  std::string previous = genesis_hash();
  EXPECT_EQ(read_bytes(line(0, "note", Value(), previous)).error().code, "journal.not_a_journal");
  EXPECT_EQ(read_bytes("GIF89a\n").error().code, "journal.corrupt");
}

TEST(JournalDamageTest, AMissingFileAndAFailingDiskAreNamed) {
  FakeFileSystem fs;
  EXPECT_EQ(Journal::open(fs, kPath, kClock).error().code, "file.not_found");
  EXPECT_EQ(read_journal(fs, kPath, {}).error().code, "file.not_found");
}

}  // namespace
}  // namespace snapcore
