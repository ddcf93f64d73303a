#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <format/bolt.hpp>
#include <format/bolt_backward.hpp>

#include "bolt_file.hpp"

namespace etcd::bolt {
namespace {

using test::BoltFile;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<NewEntry> numbered(int count, std::size_t value_size = 20) {
  std::vector<NewEntry> entries;
  for (int i = 0; i < count; ++i) {
    const std::string number = std::to_string(100000 + i);
    entries.push_back({"k" + number, std::string(value_size, 'v') + number, false});
  }
  return entries;
}

std::vector<std::string> findings(const std::string& file) {
  const auto database = Database::open(bytes_of(file));
  if (!database) return {database.error().message};
  const Findings findings = database->check();
  EXPECT_EQ(findings.clean(), findings.first.empty());
  return findings.first;
}

std::vector<std::string> keys(const std::string& file, std::string_view bucket_name) {
  const auto database = Database::open(bytes_of(file)).value();
  const auto bucket = database.find_bucket(bucket_name).value();
  EXPECT_TRUE(bucket);
  std::vector<std::string> keys;
  Cursor cursor(database, *bucket);
  for (LeafElement entry; cursor.next(entry);) keys.emplace_back(text_of(entry.key));
  EXPECT_TRUE(cursor.finished()) << cursor.error().message;
  return keys;
}

// One bucket `b` on a tree of three levels, one inline bucket `i`.
struct Sample {
  BoltFile file;
  std::uint64_t tree = 0;
  std::string bytes;

  explicit Sample(std::uint32_t page_size = 1024) : file(page_size) {
    tree = file.tree(numbered(60), 5);
    bytes = file.finish(file.leaf(
        {{"b", bucket_on_page(tree, 0), true}, {"i", inline_bucket(0, numbered(3)), true}}));
  }
  char* page(std::uint64_t id) { return bytes.data() + id * file.page_size(); }
};

TEST(Bolt, WalksTreesAndInlineBucketsInOrder) {
  for (const std::uint32_t page_size : {512u, 1024u, 4096u, 65536u}) {
    const Sample sample(page_size);
    EXPECT_THAT(findings(sample.bytes), IsEmpty());
    std::vector<std::string> expected;
    for (const auto& entry : numbered(60)) expected.push_back(entry.key);
    EXPECT_EQ(keys(sample.bytes, "b"), expected);
    expected.resize(3);
    EXPECT_EQ(keys(sample.bytes, "i"), expected);
  }
}

std::vector<std::string> backward(const Database& database, std::string_view bucket,
                                  std::string_view before = {}) {
  std::vector<std::string> found;
  const auto where = database.find_bucket(bucket).value().value();
  BackwardCursor cursor(database, where);
  cursor.skip_from(before);
  for (LeafElement entry; cursor.next(entry);) found.emplace_back(text_of(entry.key));
  EXPECT_TRUE(cursor.finished()) << cursor.error().message;
  return found;
}

TEST(Bolt, BackwardIsForwardTurnedRoundFromAnyKeyOn) {
  for (const std::uint32_t page_size : {512u, 4096u}) {
    const Sample sample(page_size);
    const auto database = Database::open(bytes_of(sample.bytes)).value();
    for (const char* bucket : {"b", "i"}) {
      auto expected = keys(sample.bytes, bucket);
      while (!expected.empty()) {
        const std::string end = expected.back();
        expected.pop_back();
        EXPECT_EQ(backward(database, bucket, end),
                  std::vector<std::string>(expected.rbegin(), expected.rend()))
            << end;
      }
    }
  }
}

TEST(Bolt, ReadThroughADescriptorItIsTheSame) {
  const Sample sample;
  const test::TemporaryFile file(sample.bytes);
  const auto database = Database::open(FileBytes(file.fd(), sample.bytes.size())).value();
  EXPECT_THAT(database.check().first, IsEmpty());
  for (const char* bucket : {"b", "i"}) {
    auto expected = keys(sample.bytes, bucket);
    std::reverse(expected.begin(), expected.end());
    EXPECT_EQ(backward(database, bucket), expected);
  }
}

TEST(Bolt, AFileThatIsCutWhileItIsReadIsAnErrorAndNoSignal) {
  const Sample sample;
  const test::TemporaryFile file(sample.bytes);
  const auto database = Database::open(FileBytes(file.fd(), sample.bytes.size())).value();
  const auto bucket = database.find_bucket("b").value().value();
  for (std::size_t left = sample.bytes.size(); left >= 1024; left -= 1024) {
    file.cut(left - 1024);
    Cursor cursor(database, bucket);
    for (LeafElement entry; cursor.next(entry);) EXPECT_FALSE(entry.key.empty());
    (void)database.check();
  }
  EXPECT_THAT(database.check().first, Contains(HasSubstr("cut while it was read")));
}

TEST(Bolt, FindsTheLastEntryOfEveryKindOfBucket) {
  const Sample sample;
  const auto database = Database::open(bytes_of(sample.bytes)).value();
  EXPECT_EQ(backward(database, "b").front(), "k100059");
  EXPECT_EQ(backward(database, "i").front(), "k100002");
  EXPECT_FALSE(*database.find_bucket("absent"));
}

TEST(Bolt, ReadsValuesThatSpanOverflowPages) {
  BoltFile file;
  const auto leaf = file.leaf(numbered(2, 5000));
  const std::string bytes = file.finish(file.leaf({{"b", bucket_on_page(leaf, 0), true}}));
  EXPECT_THAT(findings(bytes), IsEmpty());
  EXPECT_EQ(keys(bytes, "b").size(), 2u);
}

TEST(Bolt, WalksNestedBuckets) {
  BoltFile file;
  const auto inner = file.leaf(numbered(3));
  const auto outer = file.leaf({{"inner", bucket_on_page(inner, 0), true}, {"k", "v", false}});
  const std::string bytes = file.finish(file.leaf({{"outer", bucket_on_page(outer, 0), true}}));
  EXPECT_THAT(findings(bytes), IsEmpty());
}

TEST(Bolt, PrefersTheNewerMetaAndSurvivesEitherBeingDamaged) {
  const Sample sample;
  for (const std::size_t page : {0u, 1u}) {
    std::string bytes = sample.bytes;
    bytes[page * 1024 + 16 + 50] ^= 1;  // transaction
    const auto database = Database::open(bytes_of(bytes));
    ASSERT_TRUE(database) << database.error().message;
    EXPECT_FALSE(database->both_metas_valid());
    EXPECT_EQ(database->meta().transaction, page == 0 ? 7u : 8u);
    EXPECT_TRUE(database->check().clean());
  }
}

TEST(Bolt, SaysWhyAFileCannotBeOpened) {
  const auto code = [](const std::string& bytes) {
    const auto database = Database::open(bytes_of(bytes));
    return database ? std::string("opened") : database.error().code;
  };
  const Sample sample;
  EXPECT_EQ(code(""), "etcd.bolt_foreign");
  EXPECT_EQ(code(std::string(100000, '\0')), "etcd.bolt_foreign");
  EXPECT_EQ(code("SQLite format 3"), "etcd.bolt_foreign");
  EXPECT_EQ(code(sample.bytes.substr(0, sample.bytes.size() - 1)), "etcd.bolt_truncated");
  std::string damaged = sample.bytes;
  damaged[16 + 60] ^= 1;
  damaged[1024 + 16 + 60] ^= 1;
  EXPECT_EQ(code(damaged), "etcd.bolt_damaged");
  std::string swapped = sample.bytes;
  for (const std::size_t page : {0u, 1024u}) {
    std::reverse(swapped.begin() + static_cast<std::ptrdiff_t>(page + 16),
                 swapped.begin() + static_cast<std::ptrdiff_t>(page + 20));
  }
  EXPECT_EQ(code(swapped), "etcd.bolt_byte_order");
}

TEST(BoltCheck, FindsAPageThatPointsAtItself) {
  Sample sample;
  for (const std::uint64_t target : {sample.tree, sample.file.next() - 1}) {
    std::string saved = sample.bytes;
    std::memcpy(sample.page(sample.tree) + 16 + 8, &target, sizeof target);
    EXPECT_THAT(findings(sample.bytes), Contains(HasSubstr("multiple references")));
    const auto database = Database::open(bytes_of(sample.bytes)).value();
    Cursor cursor(database, database.find_bucket("b").value().value());
    int entries = 0;
    for (LeafElement entry; cursor.next(entry);) ++entries;
    EXPECT_LT(entries, 2000);
    sample.bytes = saved;
  }
}

TEST(BoltCheck, FindsTwoPagesSwapped) {
  Sample sample;
  std::swap_ranges(sample.page(2), sample.page(3), sample.page(3));
  EXPECT_THAT(findings(sample.bytes), Contains(HasSubstr("another page's number")));
  // Their numbers swapped as well: now only the order of keys tells.
  std::swap_ranges(sample.page(2), sample.page(2) + 8, sample.page(3));
  EXPECT_THAT(findings(sample.bytes), Contains(HasSubstr("its first key is smaller")));
  EXPECT_THAT(findings(sample.bytes), Contains(HasSubstr("belongs to the next branch")));
}

TEST(BoltCheck, FindsKeysOutOfOrder) {
  BoltFile file;
  std::vector<NewEntry> entries = numbered(4);
  std::swap(entries[1], entries[2]);
  const auto leaf = file.leaf(entries);
  EXPECT_THAT(findings(file.finish(file.leaf({{"b", bucket_on_page(leaf, 0), true}}))),
              Contains(HasSubstr("not in order")));
  std::swap(entries[1], entries[2]);
  entries[2].key = entries[1].key;
  EXPECT_THAT(findings(file.finish(file.leaf({{"b", inline_bucket(0, entries), true}}))),
              Contains(HasSubstr("not in order")))
      << "inline buckets too, and equal keys";
}

TEST(BoltCheck, FindsABranchThatSkipsALevel) {
  BoltFile file;
  const std::uint64_t left = file.tree(numbered(4), 2);
  const std::uint64_t leaf = file.leaf({{"m", "v", false}});
  const auto tree = file.branch({{"k100000", left}, {"m", leaf}});
  EXPECT_THAT(findings(file.finish(file.leaf({{"b", bucket_on_page(tree, 0), true}}))),
              Contains(HasSubstr("another depth")));
}

TEST(BoltCheck, FindsAnEmptyPage) {
  BoltFile file;
  const auto leaf = file.leaf({});
  EXPECT_THAT(findings(file.finish(file.leaf({{"b", bucket_on_page(leaf, 0), true}}))),
              Contains(HasSubstr("a leaf without entries")));
  BoltFile empty;
  EXPECT_THAT(findings(empty.finish(empty.leaf({}))), IsEmpty()) << "a database without buckets";
}

TEST(BoltCheck, FindsAPageOfTwoBuckets) {
  BoltFile file;
  const auto leaf = file.leaf(numbered(3));
  const std::string bytes = file.finish(
      file.leaf({{"a", bucket_on_page(leaf, 0), true}, {"b", bucket_on_page(leaf, 0), true}}));
  EXPECT_THAT(findings(bytes), Contains("page 2: multiple references"));
}

TEST(BoltCheck, AccountsForEveryPageWhenTheFileListsItsFreePages) {
  const auto build = [](const std::vector<std::uint64_t>& free) {
    BoltFile file;
    const auto leaf = file.leaf(numbered(3));  // 2
    file.garbage();                            // 3
    file.garbage();                            // 4
    file.freelist(free);                       // 5
    return file.finish(file.leaf({{"b", bucket_on_page(leaf, 0), true}}));
  };
  EXPECT_THAT(findings(build({3, 4})), IsEmpty());
  EXPECT_THAT(findings(build({3})), Contains("page 4: unreachable unfreed"));
  EXPECT_THAT(findings(build({3, 3, 4})), Contains("page 3: already freed"));
  EXPECT_THAT(findings(build({4, 3})), Contains("page 3: free pages out of order"));
  EXPECT_THAT(findings(build({2, 3, 4})), Contains("page 2: reachable freed"));
  EXPECT_THAT(findings(build({3, 4, 5})), Contains("page 5: reachable freed"));
  EXPECT_THAT(findings(build({3, 4, 99})), Contains("page 99: free page out of bounds"));
}

TEST(BoltCheck, FindsAFreelistThatIsNone) {
  Sample sample;
  Meta meta = sample.file.meta(sample.file.next() - 1);
  for (const std::uint64_t id : {std::uint64_t{2}, std::uint64_t{0}, std::uint64_t{5000}}) {
    meta.freelist = id;
    sample.bytes.replace(0, 1024, write_meta_page(0, meta));
    EXPECT_FALSE(findings(sample.bytes).empty());
  }
}

TEST(BoltCheck, FindsATreeTooDeepForBolt) {
  BoltFile file;
  std::uint64_t page = file.leaf(numbered(1));
  for (int level = 0; level < 200; ++level) page = file.branch({{"k100000", page}});
  const std::string bytes = file.finish(file.leaf({{"b", bucket_on_page(page, 0), true}}));
  EXPECT_THAT(findings(bytes), Contains(HasSubstr("deeper")));
  const auto database = Database::open(bytes_of(bytes)).value();
  Cursor cursor(database, database.find_bucket("b").value().value());
  LeafElement entry;
  EXPECT_FALSE(cursor.next(entry));
  EXPECT_THAT(cursor.error().message, HasSubstr("deeper"));
  BackwardCursor backward_cursor(database, database.find_bucket("b").value().value());
  EXPECT_FALSE(backward_cursor.next(entry));
  EXPECT_THAT(backward_cursor.error().message, HasSubstr("deeper"));
}

TEST(BoltCheck, KeepsTheFirstFindingsAndCountsTheRest) {
  BoltFile file;
  std::vector<NewEntry> buckets;
  const auto leaf = file.leaf(numbered(1));
  for (int i = 0; i < 50; ++i) {
    buckets.push_back({"b" + std::to_string(100 + i), bucket_on_page(leaf, 0), true});
  }
  const std::string bytes = file.finish(file.leaf(buckets));
  const auto database = Database::open(bytes_of(bytes)).value();
  const Findings found = database.check();
  EXPECT_EQ(found.count, 49u);
  EXPECT_EQ(found.first.size(), Findings::kKept);
}

// Everything a page header or element says is either right or found, where bbolt's own check misses
// most. Only how long the last key and value are is known to nothing but their element; what they
// hold tells.
TEST(BoltCheck, FindsEveryFlippedBitOfEveryHeaderAndElement) {
  const Sample sample;
  const std::size_t pages = sample.bytes.size() / 1024;
  for (std::size_t page = 2; page < pages; ++page) {
    const Page header = read_page_header(bytes_of(sample.bytes).subspan(page * 1024, 1024));
    const std::size_t table = kPageHeaderSize + kElementSize * header.count;
    for (std::size_t bit = 0; bit < table * 8; ++bit) {
      const std::size_t in_last = bit / 8 + kElementSize - table;
      const bool is_last = bit / 8 + kElementSize >= table;
      if (is_last && header.is(PageKind::kLeaf) && in_last >= 8) continue;
      if (is_last && header.is(PageKind::kBranch) && in_last >= 4 && in_last < 8) continue;
      const bool is_count_of_root = page + 1 == pages && bit / 16 == 5;
      if (is_count_of_root && (header.count ^ (1 << (bit % 16))) == 0) continue;
      std::string bad = sample.bytes;
      bad[page * 1024 + bit / 8] = static_cast<char>(bad[page * 1024 + bit / 8] ^ (1 << (bit % 8)));
      EXPECT_FALSE(findings(bad).empty()) << "page " << page << " bit " << bit;
    }
  }
}

TEST(BoltCheck, SurvivesEveryFlippedByteAndEveryTruncation) {
  const Sample sample;
  for (std::size_t i = 0; i < sample.bytes.size(); ++i) {
    std::string bad = sample.bytes;
    bad[i] = static_cast<char>(~bad[i]);
    findings(bad);
    const auto database = Database::open(bytes_of(bad));
    if (!database) continue;
    Cursor cursor(*database, database->root());
    for (LeafElement entry; cursor.next(entry);) {
      const auto bucket = entry.is_bucket ? read_bucket(entry.value) : Bucket{};
      if (!bucket || !entry.is_bucket) continue;
      Cursor inner(*database, *bucket);
      for (LeafElement nested; inner.next(nested);) EXPECT_FALSE(nested.key.empty());
      BackwardCursor back(*database, *bucket);
      for (LeafElement nested; back.next(nested);) EXPECT_FALSE(nested.key.empty());
    }
  }
  for (std::size_t length = 0; length < sample.bytes.size(); length += 7) {
    const std::string cut = sample.bytes.substr(0, length);
    EXPECT_FALSE(Database::open(bytes_of(cut))) << length;
  }
}

}  // namespace
}  // namespace etcd::bolt
