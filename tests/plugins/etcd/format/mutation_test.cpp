// Snapshots damaged in one place each, with their old digest and with one that was computed anew,
// as if the bytes had been wrong before the digest was made.
//
// With the old digest everything is refused. With a new one only the structure and the entries are
// left to tell: nothing may be accepted but the same content, or one in which a key or a value is
// another that is as valid, or a bucket begins at a lower page of its own tree: without a list of
// free pages in the file, those left out are free pages. That, nobody can see, bbolt's own check
// included. The tables at the end say how often.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <format/bolt.hpp>
#include <format/protobuf.hpp>
#include <format/snapshot.hpp>
#include <map>

#include "bolt_file.hpp"

namespace etcd {
namespace {

using bolt::PageKind;

constexpr std::size_t kPageSize = 1024;

enum class Region { kMeta, kBranch, kLeaf, kBucket, kKey, kValue, kFree, kUnused, kTrailer };

const char* name_of(Region region) {
  switch (region) {
    case Region::kMeta: return "meta page";
    case Region::kBranch: return "branch page";
    case Region::kLeaf: return "leaf page: header, table";
    case Region::kBucket: return "bucket header";
    case Region::kKey: return "key";
    case Region::kValue: return "value";
    case Region::kFree: return "free page";
    case Region::kUnused: return "unused end of a page";
    case Region::kTrailer: return "trailer";
  }
  return "";
}

// Many pages on three levels, values over several pages, buckets inline and on pages of their own.
std::string sample() {
  test::EtcdContent content = test::etcd_content(60, true);
  content.page_size = kPageSize;
  for (const std::int64_t main : {62, 63}) {
    std::string message;
    protobuf::append_field(message, 1, "large");
    protobuf::append_field(message, 2, std::uint64_t{62});
    protobuf::append_field(message, 3, static_cast<std::uint64_t>(main));
    protobuf::append_field(message, 4, static_cast<std::uint64_t>(main - 61));
    protobuf::append_field(message, 5, std::string(3000, 'v'));
    content.key.push_back({encode_revision({main, 0}), message, false});
  }
  content.lease.clear();
  for (std::uint64_t id = 70; id < 100; ++id) {
    std::string key;
    append_be(key, id);
    std::string lease;
    protobuf::append_field(lease, 1, id);
    protobuf::append_field(lease, 2, std::uint64_t{600});
    content.lease.push_back({key, lease, false});
  }
  return content.snapshot();
}

std::string without_digest(const std::string& snapshot) {
  return snapshot.substr(0, snapshot.size() - snapcore::Sha256::kSize);
}

// What every byte of the sample is for.
class Atlas {
 public:
  explicit Atlas(const std::string& snapshot)
      : first_(snapshot.data()), regions_(snapshot.size(), Region::kFree) {
    const std::string database_bytes = without_digest(snapshot);
    mark(snapshot.size() - snapcore::Sha256::kSize, snapcore::Sha256::kSize, Region::kTrailer);
    mark(0, 2 * kPageSize, Region::kUnused);
    for (const std::size_t page : {0u, 1u}) {
      mark(page * kPageSize + bolt::kPageHeaderSize, bolt::kMetaSize, Region::kMeta);
    }
    const auto database = bolt::Database::open(bytes_of(snapshot)).value();
    mark_tree(database, database.meta().root);
  }

  Region at(std::size_t offset) const { return regions_[offset]; }
  const std::vector<std::uint64_t>& branches() const { return branches_; }
  const std::vector<std::uint64_t>& leaves() const { return leaves_; }

 private:
  void mark(std::size_t from, std::size_t size, Region region) {
    std::fill_n(regions_.begin() + static_cast<std::ptrdiff_t>(from), size, region);
  }
  void mark(Bytes bytes, Region region) {
    const char* at = text_of(bytes).data();
    mark(static_cast<std::size_t>(at - first_), bytes.size(), region);
  }

  void mark_leaf(const bolt::Database& database, const bolt::Page& page) {
    mark(page.bytes, Region::kUnused);
    mark(page.bytes.first(bolt::kPageHeaderSize + bolt::kElementSize * page.count), Region::kLeaf);
    bolt::ElementReader elements(page);
    for (bolt::LeafElement element; elements.next(element);) {
      mark(element.key, Region::kKey);
      mark(element.value, Region::kValue);
      if (element.is_bucket) mark_bucket(database, element.value);
    }
  }

  void mark_bucket(const bolt::Database& database, Bytes value) {
    const bolt::Bucket bucket = bolt::read_bucket(value).value();
    mark(value.first(bolt::kBucketHeaderSize), Region::kBucket);
    if (bucket.root != 0) return mark_tree(database, bucket.root);
    bolt::Page page = bolt::read_page_header(bucket.inline_page);
    page.bytes = bucket.inline_page;
    mark_leaf(database, page);
  }

  void mark_tree(const bolt::Database& database, std::uint64_t id) {
    const bolt::Page page = database.page(id).value();
    if (page.is(PageKind::kLeaf)) {
      leaves_.push_back(id);
      return mark_leaf(database, page);
    }
    branches_.push_back(id);
    mark(page.bytes, Region::kUnused);
    mark(page.bytes.first(bolt::kPageHeaderSize + bolt::kElementSize * page.count),
         Region::kBranch);
    bolt::ElementReader elements(page);
    for (bolt::BranchElement element; elements.next(element);) {
      mark(element.key, Region::kBranch);
      mark_tree(database, element.child);
    }
  }

  const char* first_;
  std::vector<Region> regions_;
  std::vector<std::uint64_t> branches_;
  std::vector<std::uint64_t> leaves_;
};

struct Entry {
  std::string key;
  std::string value;
  bool operator==(const Entry&) const = default;
};
// Of all buckets in order, each bucket's name standing before its entries.
using Content = std::vector<Entry>;

Content content_of(Bytes file) {
  Content content;
  const auto database = bolt::Database::open(file).value();
  bolt::Cursor buckets(database, database.root());
  for (bolt::LeafElement bucket; buckets.next(bucket);) {
    content.push_back({std::string(text_of(bucket.key)), "(bucket)"});
    bolt::Cursor entries(database, bolt::read_bucket(bucket.value).value());
    for (bolt::LeafElement entry; entries.next(entry);) {
      content.push_back({std::string(text_of(entry.key)), std::string(text_of(entry.value))});
    }
    EXPECT_TRUE(entries.finished());
  }
  EXPECT_TRUE(buckets.finished());
  return content;
}

struct Tally {
  int tried = 0;
  int refused = 0;
  int same = 0;
  int other_value = 0;  // of one entry, of the same length
  int other_key = 0;
  int fewer = 0;  // entries; those that are left are as they were
};

class Mutation : public testing::Test {
 protected:
  // Counts what becomes of these bytes.
  void try_bytes(Tally& tally, const std::string& bytes, const std::string& what) {
    ++tally.tried;
    // Of exactly this size on the heap, so that reading one byte too far is seen.
    const std::vector<std::byte> exact(bytes_of(bytes).begin(), bytes_of(bytes).end());
    const auto examined = examine(Bytes(exact), "snap.db");
    if (!examined) {
      EXPECT_TRUE(examined.error().code.starts_with("etcd.")) << what;
      EXPECT_NE(examined.error().message, "") << what;
      ++tally.refused;
      return;
    }
    const Content content = content_of(exact);
    if (content == good_content_) {
      ++tally.same;
      return;
    }
    if (content.size() < good_content_.size()) {
      auto at = good_content_.begin();
      for (const Entry& entry : content) {
        at = std::find(at, good_content_.end(), entry);
        ASSERT_NE(at, good_content_.end()) << what << " makes the entry " << entry.key;
      }
      ++tally.fewer;
      return;
    }
    ASSERT_EQ(content.size(), good_content_.size()) << what;
    int keys = 0;
    int values = 0;
    for (std::size_t i = 0; i < content.size(); ++i) {
      const Entry& is = content[i];
      const Entry& was = good_content_[i];
      EXPECT_EQ(is.key.size(), was.key.size()) << what;
      EXPECT_EQ(is.value.size(), was.value.size()) << what;
      keys += is.key == was.key ? 0 : 1;
      values += is.value == was.value ? 0 : 1;
    }
    EXPECT_EQ(keys + values, 1) << what;
    tally.other_key += keys;
    tally.other_value += values;
  }

  void try_database(Tally& tally, const std::string& database, const std::string& what) {
    try_bytes(tally, test::with_digest(database), what);
  }

  static void heading(const char* title) {
    std::printf(
        "\n%-28s| tried | refused | same content | not detectable: value, key, entries lost | "
        "crashed\n",
        title);
  }
  static void print(const char* name, const Tally& tally) {
    std::printf("%-28s| %5d | %7d | %12d | %15d, %9d, %12d | 0\n", name, tally.tried, tally.refused,
                tally.same, tally.other_value, tally.other_key, tally.fewer);
  }
  static void expect_no_other_content(const Tally& tally) {
    EXPECT_EQ(tally.refused + tally.same, tally.tried);
  }

  const std::string good_ = sample();
  const std::string pages_ = without_digest(good_);
  const Atlas atlas_{good_};
  const Content good_content_ = content_of(bytes_of(good_));
};

std::string flipped(std::string bytes, std::size_t bit) {
  bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
  return bytes;
}

TEST_F(Mutation, TheSampleItselfIsAccepted) {
  Tally tally;
  try_bytes(tally, good_, "the sample");
  EXPECT_EQ(tally.same, 1);
  EXPECT_GE(atlas_.branches().size(), 3u);
}

TEST_F(Mutation, EveryFlippedBitIsRefusedByTheDigest) {
  std::map<Region, Tally> tallies;
  for (std::size_t bit = 0; bit < good_.size() * 8; bit += 17) {
    try_bytes(tallies[atlas_.at(bit / 8)], flipped(good_, bit), "bit " + std::to_string(bit));
  }
  heading("bit flipped, old digest");
  for (const auto& [region, tally] : tallies) {
    print(name_of(region), tally);
    EXPECT_EQ(tally.refused, tally.tried) << name_of(region);
  }
  EXPECT_EQ(tallies.size(), 9u);
}

// A flip in the trailer itself has no digest to make anew.
TEST_F(Mutation, BitsFlippedBeforeTheDigestWasMadeChangeAtMostOneKeyOrValue) {
  std::map<Region, std::vector<std::size_t>> bits;
  for (std::size_t bit = 0; bit < pages_.size() * 8; ++bit) {
    bits[atlas_.at(bit / 8)].push_back(bit);
  }
  heading("bit flipped, new digest");
  for (const auto& [region, all] : bits) {
    Tally tally;
    const std::size_t step = all.size() / 2500 + 1;
    for (std::size_t i = 0; i < all.size(); i += step) {
      try_database(tally, flipped(pages_, all[i]), "bit " + std::to_string(all[i]));
    }
    print(name_of(region), tally);
    if (region != Region::kBucket) {
      EXPECT_EQ(tally.fewer, 0);
    }
    switch (region) {
      case Region::kMeta:
      case Region::kBranch:
      case Region::kLeaf: expect_no_other_content(tally); break;
      case Region::kBucket: EXPECT_EQ(tally.other_key + tally.other_value, 0); break;
      case Region::kKey: EXPECT_EQ(tally.other_value, 0); break;
      case Region::kValue: EXPECT_EQ(tally.other_key, 0); break;
      case Region::kFree:
      case Region::kUnused: EXPECT_EQ(tally.same, tally.tried); break;
      case Region::kTrailer: ADD_FAILURE(); break;
    }
  }
}

TEST_F(Mutation, EveryTruncationIsRefused) {
  Tally borders;
  Tally within;
  for (std::size_t size = 0; size < good_.size(); ++size) {
    const bool border = size % kPageSize == 0 || size == pages_.size();
    if (!border && size % 37 != 0 && size < pages_.size()) continue;
    Tally& tally = border ? borders : within;
    try_bytes(tally, good_.substr(0, size), "cut at " + std::to_string(size));
    if (size < pages_.size()) {
      try_database(tally, good_.substr(0, size),
                   "cut before the digest, at " + std::to_string(size));
    }
  }
  heading("cut off, old and new digest");
  print("at a page border", borders);
  print("within a page or digest", within);
  EXPECT_EQ(borders.refused, borders.tried);
  EXPECT_EQ(within.refused, within.tried);
}

// Within a value of several pages nothing tells one of them from another.
TEST_F(Mutation, PagesThatAreOthersOrLostAreRefused) {
  const std::size_t count = pages_.size() / kPageSize;
  const auto with_page = [&](std::string bytes, std::size_t at, std::size_t from) {
    return bytes.replace(at * kPageSize, kPageSize, pages_, from * kPageSize, kPageSize);
  };
  Tally swapped;
  Tally misplaced;
  Tally zeroed;
  for (std::size_t a = 2; a < count; ++a) {
    for (std::size_t b = 2; b < count; ++b) {
      if (a == b) continue;
      const std::string what = "pages " + std::to_string(a) + " and " + std::to_string(b);
      const std::string bytes = with_page(pages_, a, b);
      try_database(misplaced, bytes, what);
      if (a < b) try_database(swapped, with_page(bytes, b, a), what);
    }
    try_database(zeroed, std::string(pages_).replace(a * kPageSize, kPageSize, kPageSize, '\0'),
                 "page " + std::to_string(a) + " zeroed");
  }
  // With their numbers put right, only keys and revisions are left to tell.
  Tally renumbered;
  for (const std::uint64_t a : atlas_.leaves()) {
    for (const std::uint64_t b : atlas_.leaves()) {
      if (a >= b) continue;
      std::string bytes = with_page(with_page(pages_, a, b), b, a);
      for (const std::uint64_t id : {a, b}) {
        std::string number;
        append_le(number, id);
        bytes.replace(id * kPageSize, number.size(), number);
      }
      try_database(renumbered, bytes, "leaves " + std::to_string(a) + " and " + std::to_string(b));
    }
  }
  heading("pages, new digest");
  print("swapped", swapped);
  print("leaves swapped, renumbered", renumbered);
  print("another in its place", misplaced);
  print("zeros in its place", zeroed);
  EXPECT_EQ(renumbered.refused, renumbered.tried);
  for (const Tally* tally : {&swapped, &misplaced, &zeroed})
    EXPECT_EQ(tally->other_key + tally->fewer, 0);
}

TEST_F(Mutation, CyclesAreRefused) {
  Tally tally;
  for (const std::uint64_t branch : atlas_.branches()) {
    const auto page = bolt::Database::open(bytes_of(good_)).value().page(branch).value();
    for (std::size_t child = 0; child < page.count; ++child) {
      const std::size_t at =
          branch * kPageSize + bolt::kPageHeaderSize + bolt::kElementSize * child + 8;
      for (const auto& targets : {atlas_.branches(), atlas_.leaves()}) {
        for (const std::uint64_t target : targets) {
          std::string id;
          append_le(id, target);
          if (pages_.compare(at, id.size(), id) == 0) continue;
          try_database(
              tally, std::string(pages_).replace(at, id.size(), id),
              "a child of page " + std::to_string(branch) + " is " + std::to_string(target));
        }
      }
    }
  }
  heading("children, new digest");
  print("pointing anywhere else", tally);
  EXPECT_EQ(tally.refused, tally.tried);
}

TEST_F(Mutation, MetaPagesThatPromiseSomethingElseAreRefused) {
  const bolt::Meta meta = bolt::Database::open(bytes_of(good_)).value().meta();
  const auto with_metas = [&](const bolt::Meta& newer) {
    bolt::Meta older = newer;
    older.transaction = newer.transaction - 1;
    const auto page = [](std::uint64_t id, const bolt::Meta& m) {
      bolt::Meta sized = m;
      std::string text = bolt::write_meta_page(id, sized);
      text.resize(kPageSize);
      return text;
    };
    return page(0, newer) + page(1, older) + pages_.substr(2 * kPageSize);
  };
  Tally page_size;
  for (std::uint32_t size = 1; size <= 1u << 25; size *= 2) {
    for (const std::uint32_t near : {size - 1, size, size + 1}) {
      if (near == kPageSize) continue;
      bolt::Meta wrong = meta;
      wrong.page_size = near;
      try_database(page_size, with_metas(wrong), "page size " + std::to_string(near));
    }
  }
  Tally root;
  Tally high_water_mark;
  for (std::uint64_t id = 0; id < meta.high_water_mark + 3; ++id) {
    bolt::Meta wrong = meta;
    wrong.root = id;
    if (id != meta.root) try_database(root, with_metas(wrong), "root " + std::to_string(id));
    wrong = meta;
    wrong.high_water_mark = id;
    if (id != meta.high_water_mark) {
      try_database(high_water_mark, with_metas(wrong), "high-water mark " + std::to_string(id));
    }
  }
  Tally freelist;
  for (std::uint64_t id = 0; id < meta.high_water_mark + 3; ++id) {
    bolt::Meta wrong = meta;
    wrong.freelist = id;
    try_database(freelist, with_metas(wrong), "freelist " + std::to_string(id));
  }
  Tally both;
  Tally one;
  for (std::size_t bit = 16 * 8; bit < (16 + bolt::kMetaSize) * 8; ++bit) {
    const std::string first = flipped(pages_, bit);
    try_database(one, first, "bit " + std::to_string(bit));
    try_database(both, flipped(first, kPageSize * 8 + bit), "bits " + std::to_string(bit));
  }
  heading("meta pages, new digest");
  print("wrong page size", page_size);
  print("wrong root", root);
  print("wrong high-water mark", high_water_mark);
  print("wrong freelist", freelist);
  print("both invalid", both);
  print("one invalid", one);
  for (const Tally* tally : {&page_size, &root, &freelist, &both}) {
    EXPECT_EQ(tally->refused, tally->tried);
  }
  expect_no_other_content(high_water_mark);
  EXPECT_EQ(one.same, one.tried);
}

}  // namespace
}  // namespace etcd
