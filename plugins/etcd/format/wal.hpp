// etcd's write-ahead log: the first segment of a restored member, and a reader of segments.
//
// A segment is a row of frames: an 8-byte little endian length (the top byte holds 0x80 plus the
// number of padding bytes), a protobuf record {type, crc, data}, zero padding to 8 bytes. Each
// record's crc runs over the data of all records so far. A length of 0 ends the segment; the rest
// is preallocated.
#pragma once

#include <cstdint>
#include <format/bytes.hpp>
#include <format/membership.hpp>
#include <snapcore/error.hpp>
#include <string>
#include <vector>

namespace etcd::wal {

using snapcore::Result;

inline constexpr std::uint64_t kSegmentSize = 64'000'000;
inline constexpr std::string_view kFirstSegment = "0000000000000000-0000000000000000.wal";

enum class RecordType : std::uint8_t {
  kMetadata = 1,
  kEntry = 2,
  kState = 3,
  kCrc = 4,
  kSnapshot = 5,
};

// etcd 3.5 and later put the voters into the last snapshot record; 3.4 does not, and both read
// either.
enum class Dialect : std::uint8_t { k34, k35 };

// What etcd's restore writes for the member `node_id`: one configuration change per member,
// committed. The caller sets the file's size to kSegmentSize; everything behind these bytes is
// zero.
std::string initial_segment(const Cluster& cluster, std::uint64_t node_id, Dialect dialect);

struct Record {
  RecordType type = RecordType::kEntry;
  std::uint32_t crc = 0;
  std::string_view data;  // into the bytes that were read
};

struct Segment {
  std::vector<Record> records;
  std::uint64_t used_bytes = 0;  // where the next frame would go
  std::uint32_t crc = 0;         // running value at the end
};

// Reads all records and compares every crc; anything wrong is "etcd.wal_damaged" with its offset.
Result<Segment> read_segment(Bytes bytes);

struct HardState {
  std::uint64_t term = 0;
  std::uint64_t vote = 0;
  std::uint64_t commit = 0;
};

struct Metadata {
  std::uint64_t node_id = 0;
  std::uint64_t cluster_id = 0;
};

struct Entry {
  std::uint64_t type = 0;
  std::uint64_t term = 0;
  std::uint64_t index = 0;
  std::string_view content;
};

Result<Metadata> decode_metadata(std::string_view message);
Result<HardState> decode_state(std::string_view message);
Result<Entry> decode_entry(std::string_view message);

// raftpb.ConfState with the cluster's members as voters.
std::string conf_state(const Cluster& cluster);

}  // namespace etcd::wal
