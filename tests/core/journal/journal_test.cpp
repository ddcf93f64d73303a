#include "journal/journal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <thread>

#include "base/real_file_system.hpp"
#include "fakes/fake_file_system.hpp"
#include "fakes/scratch.hpp"
#include "journal/record_line.hpp"

namespace snapcore {
namespace {

using testing::HasSubstr;

const Path kPath = "/run/journal.jsonl";
const FakeClock kClock{*parse_time("2026-01-02T03:04:05Z")};

// A record whose line is longer than a sector, so that power losses can tear it in more than one
// way.
Value body(int number) {
  return Value::object({{"number", number}, {"text", std::string(700, 'x')}});
}

std::unique_ptr<Journal> journal_with(FakeFileSystem& fs, int records) {
  EXPECT_TRUE(make_directories(fs, kPath.parent_path()));
  auto journal = Journal::create(fs, kPath, kClock);
  if (!journal) return nullptr;
  for (int number = 1; number <= records; ++number) {
    EXPECT_TRUE((*journal)->append(record::kNote, body(number)));
  }
  return std::move(*journal);
}

TEST(JournalTest, RecordsComeBackInOrderAsTheyWereWritten) {
  FakeFileSystem fs;
  const auto journal = journal_with(fs, 3);
  EXPECT_EQ(journal->append(record::kEnd, Value::object({{"ending", "done"}, {"exit", 0}})).value(),
            4U);

  const auto again = Journal::open(fs, kPath, kClock);
  ASSERT_TRUE(again) << again.error().message;
  const auto records = (*again)->records();
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 4U);
  for (std::size_t at = 0; at < 3; ++at) {
    EXPECT_EQ((*records)[at].seq, at + 1);
    EXPECT_EQ((*records)[at].type, "note");
    EXPECT_EQ((*records)[at].at, kClock.now());
    EXPECT_EQ((*records)[at].body, body(static_cast<int>(at) + 1));
  }
  EXPECT_EQ((*records)[3].type, "end");
  EXPECT_EQ((*again)->head().seq, 4U);
  EXPECT_EQ((*again)->head().hash, records->back().hash);
  EXPECT_EQ((*again)->head().hash, journal->head().hash);
  EXPECT_EQ((*again)->dropped_bytes(), 0U);
}

TEST(JournalTest, TheChainGoesOnAfterReopening) {
  FakeFileSystem once, twice;
  const auto whole = journal_with(once, 2);
  journal_with(twice, 1);
  auto reopened = Journal::open(twice, kPath, kClock);
  ASSERT_TRUE(reopened);
  EXPECT_EQ((*reopened)->append(record::kNote, body(2)).value(), 2U);
  EXPECT_EQ((*reopened)->head().hash, whole->head().hash);
  EXPECT_EQ(twice.contents(kPath), once.contents(kPath));
}

TEST(JournalTest, ANewJournalNeverTakesThePlaceOfAnother) {
  FakeFileSystem fs;
  journal_with(fs, 1);
  const std::string before = fs.contents(kPath);
  EXPECT_EQ(Journal::create(fs, kPath, kClock).error().code, "file.exists");
  EXPECT_EQ(fs.contents(kPath), before);
}

TEST(JournalTest, OnlyKnownTypesAreTaken) {
  FakeFileSystem fs;
  const auto journal = journal_with(fs, 0);
  for (const std::string_view type : {"", "header", "Note", "gossip"}) {
    EXPECT_EQ(journal->append(type, Value()).error().code, "journal.unknown_type");
  }
  for (const std::string_view type : record::kAll) {
    if (type == record::kHeader) continue;
    EXPECT_TRUE(journal->append(type, Value())) << type;
  }
  EXPECT_TRUE(Journal::open(fs, kPath, kClock));
}

TEST(JournalTest, BytesThatAreNotTextDoNotMakeItUnreadable) {
  FakeFileSystem fs;
  const auto journal = journal_with(fs, 0);
  ASSERT_TRUE(journal->append(record::kNote, Value::object({{"name", "a\xff\xfe z\xc3\xa4"}})));
  const auto records = Journal::open(fs, kPath, kClock).value()->records();
  ASSERT_TRUE(records);
  EXPECT_EQ(records->front().body.at("name").text(), "a\xef\xbf\xbd\xef\xbf\xbd z\xc3\xa4");
}

TEST(JournalTest, WhatCouldNotBeReadBackIsRefusedAndDoesNotHurt) {
  FakeFileSystem fs;
  const auto journal = journal_with(fs, 1);
  Value deep;
  for (int depth = 0; depth < 250; ++depth) deep = Value::array({std::move(deep)});
  EXPECT_EQ(journal->append(record::kNote, std::move(deep)).error().code, "journal.invalid_record");
  EXPECT_EQ(journal->append(record::kNote, std::string(kMaxRecordBytes, 'x')).error().code,
            "journal.record_too_large");
  EXPECT_EQ(journal->append(record::kNote, body(2)).value(), 2U);
  EXPECT_EQ(Journal::open(fs, kPath, kClock).value()->head().seq, 2U);
}

TEST(JournalTest, AVisitorSeesEachRecordAndCanStop) {
  FakeFileSystem fs;
  const auto journal = journal_with(fs, 5);
  std::uint64_t seen = 0;
  const auto visited = journal->visit([&](const Record& record) -> Result<> {
    EXPECT_EQ(record.seq, ++seen);
    if (seen == 3) return fail({.code = "test.enough"});
    return {};
  });
  EXPECT_EQ(visited.error().code, "test.enough");
  EXPECT_EQ(seen, 3U);
}

TEST(JournalTest, OpeningTellsEachRecordOnTheWayAndNotTheUnfinishedOne) {
  FakeFileSystem fs;
  journal_with(fs, 3);
  fs.put(kPath, fs.contents(kPath) + R"({"at":"2026-)");
  std::vector<std::uint64_t> told;
  ASSERT_TRUE(Journal::open(fs, kPath, kClock, [&](const Record& record) -> Result<> {
    told.push_back(record.seq);
    return {};
  }));
  EXPECT_EQ(told, (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST(JournalTest, LookingDoesNotCutWhatAnotherProcessIsJustWriting) {
  FakeFileSystem fs;
  journal_with(fs, 2);
  const std::string torn = fs.contents(kPath) + R"({"at":"2026-)";
  fs.put(kPath, torn);
  const std::size_t before = fs.operations();
  const auto extent = read_journal(fs, kPath, {});
  ASSERT_TRUE(extent);
  EXPECT_EQ(extent->records, 2U);
  EXPECT_EQ(extent->dropped_bytes, 12U);
  EXPECT_EQ(fs.operations(), before);
  EXPECT_EQ(fs.contents(kPath), torn);
}

TEST(JournalTest, AppendsFromSeveralThreadsMakeOneChain) {
  FakeFileSystem fs;
  const auto journal = journal_with(fs, 0);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) EXPECT_TRUE(journal->append(record::kCheckpoint, body(i)));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(Journal::open(fs, kPath, kClock).value()->head().seq, 100U);
}

const std::vector<PowerLoss> kPowerLosses = {
    {},
    {.names_survive = true},
    {.names_survive = true, .bytes_survive = 1},
    {.bytes_survive = 300},
    {.bytes_survive = 100000},
    {.names_survive = true, .bytes_survive = 0, .rest_reads_as_zeros = true},
    {.bytes_survive = 600, .rest_reads_as_zeros = true}};

TEST(JournalTest, NoPowerLossTakesAnAcknowledgedRecord) {
  for (const PowerLoss& loss : kPowerLosses) {
    std::uint64_t acknowledged = 0;
    for (std::size_t after = 0; acknowledged < 3; ++after) {
      FakeFileSystem fs;
      ASSERT_TRUE(make_directories(fs, kPath.parent_path()));
      fs.fail_operation(after, Fault::kDead);
      auto journal = Journal::create(fs, kPath, kClock);
      const bool created = journal.has_value();
      acknowledged = 0;
      while (created && acknowledged < 3 && (*journal)->append(record::kNote, body(1)))
        ++acknowledged;
      fs.lose_power(loss);

      auto again = Journal::open(fs, kPath, kClock);
      if (!created) {
        if (!again) {
          EXPECT_THAT(again.error().code, testing::AnyOf("file.not_found", "journal.empty"));
          continue;
        }
      }
      ASSERT_TRUE(again) << again.error().message;
      EXPECT_GE((*again)->head().seq, acknowledged);
      EXPECT_LE((*again)->head().seq, acknowledged + 1);  // written, but nobody was told
      ASSERT_TRUE((*again)->append(record::kNote, body(2)));
      fs.lose_power();
      EXPECT_EQ(Journal::open(fs, kPath, kClock).value()->head().hash, (*again)->head().hash);
    }
  }
}

TEST(JournalTest, WhatAReopenedJournalShowsIsDurableAlthoughItsWriterWasKilled) {
  for (std::size_t after = 0; after < 8; ++after) {
    FakeFileSystem fs;
    ASSERT_TRUE(make_directories(fs, kPath.parent_path()));
    fs.fail_operation(after, Fault::kDead);
    auto journal = Journal::create(fs, kPath, kClock);
    while (journal && (*journal)->append(record::kNote, body(1))) {
    }
    fs.restart_process();
    auto seen = Journal::open(fs, kPath, kClock);
    if (!seen) continue;
    fs.lose_power();
    const auto later = Journal::open(fs, kPath, kClock);
    ASSERT_TRUE(later) << after << ": " << later.error().message;
    EXPECT_EQ((*later)->head().hash, (*seen)->head().hash);
  }
}

TEST(JournalTest, AFullDiskIsToldAndTheRecordDoesNotCount) {
  for (const Fault fault : {Fault::kNoSpace, Fault::kShortWrite, Fault::kDiskFull}) {
    FakeFileSystem fs;
    const auto journal = journal_with(fs, 2);
    const JournalHead before = journal->head();
    fs.fail_operation(0, fault);

    const auto refused = journal->append(record::kNote, body(3));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "journal.write_failed");
    EXPECT_THAT(refused.error().message, HasSubstr(kPath.string()));
    ASSERT_TRUE(refused.error().cause);
    EXPECT_EQ(refused.error().cause->code, "file.no_space");
    EXPECT_EQ(journal->head().hash, before.hash);
    fs.empty_disk();
    EXPECT_EQ(journal->append(record::kNote, body(3)).value(), 3U);
    fs.lose_power();
    EXPECT_EQ(Journal::open(fs, kPath, kClock).value()->head().seq, 3U);
  }
}

// An anchor that names a record which never came to the disk would accuse somebody of cutting it.
TEST(JournalTest, TheHeadIsNotThatOfARecordThatStillWaits) {
  FakeFileSystem fs;
  const auto journal = journal_with(fs, 2);
  const JournalHead before = journal->head();
  ASSERT_TRUE(journal->append_later(record::kNote, body(3)));
  EXPECT_EQ(journal->head().hash, before.hash);
  fs.fail_operation(0, Fault::kDiskFull);
  ASSERT_FALSE(journal->append(record::kNote, body(4)));
  EXPECT_EQ(journal->head().hash, before.hash);
  fs.empty_disk();
  ASSERT_TRUE(journal->append(record::kNote, body(4)));
  EXPECT_EQ(journal->head().hash, Journal::open(fs, kPath, kClock).value()->head().hash);
}

TEST(JournalTest, OneThatSomebodyRemovedOrReplacedTakesNothingMore) {
  for (const bool replaced : {false, true}) {
    const fakes::Scratch scratch;
    RealFileSystem fs;
    const Path path = scratch.path() / "journal.jsonl";
    const auto journal = Journal::create(fs, path, kClock);
    ASSERT_TRUE(journal);
    ASSERT_TRUE((*journal)->append(record::kNote, body(1)));
    const JournalHead before = (*journal)->head();
    std::filesystem::copy_file(path, scratch.path() / "copy");
    std::filesystem::remove(path);
    if (replaced) std::filesystem::rename(scratch.path() / "copy", path);

    const auto refused = (*journal)->append(record::kNote, body(2));

    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, "journal.gone");
    EXPECT_THAT(refused.error().message, HasSubstr(path.string()));
    EXPECT_EQ((*journal)->head().hash, before.hash);
    EXPECT_EQ((*journal)->append(record::kNote, body(2)).error().code, "journal.closed");
  }
}

TEST(JournalTest, AfterAFailedSyncNothingMoreIsTakenUntilItIsOpenedAnew) {
  FakeFileSystem fs;
  const auto journal = journal_with(fs, 2);
  fs.fail_operation(1, Fault::kIoError);
  EXPECT_EQ(journal->append(record::kNote, body(3)).error().cause->code, "file.io_error");
  EXPECT_EQ(journal->append(record::kNote, body(3)).error().code, "journal.closed");
  auto again = Journal::open(fs, kPath, kClock);
  ASSERT_TRUE(again);
  EXPECT_EQ((*again)->head().seq, 2U);
  EXPECT_TRUE((*again)->append(record::kNote, body(3)));
}

TEST(JournalTest, AnErrorInEveryOperationOfOpeningIsToldAndLosesNothing) {
  for (std::size_t after = 0; after < 3; ++after) {  // cut, sync, sync of the directory
    FakeFileSystem fs;
    journal_with(fs, 2);
    fs.put(kPath, fs.contents(kPath) + "{\"at\":");
    fs.fail_operation(after, Fault::kIoError);
    EXPECT_EQ(Journal::open(fs, kPath, kClock).error().code, "file.io_error");
    const auto again = Journal::open(fs, kPath, kClock);
    ASSERT_TRUE(again);
    EXPECT_EQ((*again)->head().seq, 2U);
  }
}

}  // namespace
}  // namespace snapcore
