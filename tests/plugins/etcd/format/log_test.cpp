// The first WAL segment and the .snap file of a restored member.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <format/snap_file.hpp>
#include <format/wal.hpp>
#include <snapcore/support/digest.hpp>
#include <snapcore/value.hpp>

#include "bolt_file.hpp"

namespace etcd {
namespace {

using test::example_cluster;

std::string segment_of_a(wal::Dialect dialect = wal::Dialect::k34) {
  const Cluster cluster = example_cluster();
  return wal::initial_segment(cluster, find_member(cluster, "a")->id, dialect);
}

// Written by etcdctl 3.4.23 for the same member of the same cluster.
TEST(Wal, InitialSegmentIsByteForByteThatOfEtcd) {
  const std::string segment = segment_of_a();
  EXPECT_EQ(segment.size(), 496u);
  EXPECT_EQ(snapcore::sha256_hex(segment),
            "ae71ce718006ab08c2250e8faa287033673bf77284eaef2b33097f2f57f6fe26");
}

TEST(Wal, ReaderFindsWhatTheWriterPut) {
  const std::string bytes = segment_of_a(wal::Dialect::k35) + std::string(64, '\0');
  const auto segment = wal::read_segment(bytes_of(bytes));
  ASSERT_TRUE(segment) << segment.error().message;
  EXPECT_EQ(segment->used_bytes, bytes.size() - 64);
  ASSERT_EQ(segment->records.size(), 8u);
  const auto metadata = wal::decode_metadata(segment->records[1].data);
  EXPECT_EQ(metadata->node_id, 0x41298ef3c0e1be7fU);
  EXPECT_EQ(metadata->cluster_id, 0x5ea44883fb5cf504U);
  for (std::size_t i = 3; i < 6; ++i) {
    EXPECT_EQ(segment->records[i].type, wal::RecordType::kEntry);
    const auto entry = wal::decode_entry(segment->records[i].data);
    EXPECT_EQ(entry->index, i - 2);
    EXPECT_EQ(entry->term, 1u);
  }
  const auto state = wal::decode_state(segment->records[6].data);
  EXPECT_EQ(state->vote, 0x200beafb7c0c28ddU);
  EXPECT_EQ(state->commit, 3u);
  EXPECT_EQ(segment->records[7].type, wal::RecordType::kSnapshot);
  EXPECT_EQ(segment->records[7].data.substr(4, 1), "\x1a") << "3.5 names the voters";
}

TEST(Wal, EveryFlippedBitOfARecordIsFound) {
  const std::string good = segment_of_a();
  int found = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ (1 << bit));
      const auto segment = wal::read_segment(bytes_of(bad));
      const bool same = segment && segment->records.size() == 8;
      // Padding bytes and the flag in front of them carry nothing.
      if (!same) ++found;
    }
  }
  EXPECT_GT(found, static_cast<int>(good.size()) * 7);
}

TEST(Wal, EveryTruncationEndsAtARecordOrIsFound) {
  const std::string good = segment_of_a();
  for (std::size_t length = 0; length < good.size(); ++length) {
    const auto segment = wal::read_segment(bytes_of(std::string_view(good).substr(0, length)));
    if (segment) {
      EXPECT_LT(segment->records.size(), 8u);
      EXPECT_LE(segment->used_bytes, length);
      EXPECT_LT(length - segment->used_bytes, 8u);
    } else {
      EXPECT_EQ(segment.error().code, "etcd.wal_damaged");
    }
  }
}

// Size and checksum of the file etcdctl 3.4.23 wrote for the same cluster.
TEST(SnapFile, IsByteForByteThatOfEtcd) {
  const std::string file = snap::file_content(example_cluster());
  EXPECT_EQ(snap::file_name(example_cluster()), "0000000000000001-0000000000000003.snap");
  EXPECT_EQ(file.size(), 7570u);
  EXPECT_EQ(file.substr(0, 9), "\x08\xea\x89\xc7\xf8\x0b\x12\x89\x3b");
}

TEST(SnapFile, ReadsBack) {
  const std::string file = snap::file_content(example_cluster());
  const auto read = snap::read(bytes_of(file));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->index, 3u);
  EXPECT_EQ(read->term, 1u);
  EXPECT_THAT(read->voters,
              testing::ElementsAre(0x200beafb7c0c28ddU, 0x41298ef3c0e1be7fU, 0xbd00a8f259adf2b1U));
  const auto store = snapcore::Value::parse(read->store);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(store->at("CurrentIndex").int_or(0), 3);
}

TEST(SnapFile, ChecksumFindsEveryChangedByte) {
  const std::string good = snap::file_content(example_cluster());
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 4);
    EXPECT_FALSE(snap::read(bytes_of(bad))) << i;
  }
  for (std::size_t length = 0; length < good.size(); length += 13) {
    EXPECT_FALSE(snap::read(bytes_of(std::string_view(good).substr(0, length)))) << length;
  }
}

}  // namespace
}  // namespace etcd
