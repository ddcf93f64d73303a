// The .snap file of a restored member: raft's snapshot of the membership, as etcd up to 3.6 loads
// it.
//
// {crc, data} around raft's {data, metadata}; the inner data is the JSON of etcd's old v2 store,
// which holds the members' peer URLs. The bytes equal those etcd's own restore writes.
#pragma once

#include <cstdint>
#include <format/bytes.hpp>
#include <format/membership.hpp>
#include <snapcore/error.hpp>
#include <string>
#include <vector>

namespace etcd::snap {

using snapcore::Result;

// "0000000000000001-000000000000000N.snap", N being the number of members.
std::string file_name(const Cluster& cluster);
std::string file_content(const Cluster& cluster);

struct SnapFile {
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  std::vector<std::uint64_t> voters;
  std::string_view store;  // JSON, into the bytes that were read
};

// "etcd.snap_damaged" when the checksum or the messages are wrong.
Result<SnapFile> read(Bytes file);

}  // namespace etcd::snap
