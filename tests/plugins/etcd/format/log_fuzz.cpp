// Whatever bytes stand where a write-ahead log or a .snap file is expected. The frames of a log
// carry checksums no fuzzer guesses, so the input is also taken for the messages within.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <format/crc32c.hpp>
#include <format/protobuf.hpp>
#include <format/snap_file.hpp>
#include <format/wal.hpp>
#include <string>

namespace {

// One record with a right checksum, framed as a log frames it.
std::string segment_around(std::uint64_t type, const std::string& data) {
  std::string record;
  etcd::protobuf::append_field(record, 1, type);
  etcd::protobuf::append_field(record, 2, std::uint64_t{etcd::crc32c(0, etcd::bytes_of(data))});
  etcd::protobuf::append_field(record, 3, data);
  const std::uint64_t padding = (8 - record.size() % 8) % 8;
  std::string frame;
  etcd::append_le(frame, static_cast<std::uint64_t>(record.size()) |
                             (padding == 0 ? 0 : (0x80 | padding) << 56));
  return frame + record + std::string(padding, '\0');
}

void read_log(const std::string& bytes) {
  const auto segment = etcd::wal::read_segment(etcd::bytes_of(bytes));
  if (!segment) return;
  if (segment->used_bytes > bytes.size()) std::abort();
  for (const etcd::wal::Record& record : segment->records) {
    (void)etcd::wal::decode_metadata(record.data);
    (void)etcd::wal::decode_state(record.data);
    (void)etcd::wal::decode_entry(record.data);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  read_log(input);
  for (std::uint64_t type = 1; type <= 5; ++type) read_log(segment_around(type, input));
  (void)etcd::snap::read(etcd::bytes_of(input));
  std::string snap;
  etcd::protobuf::append_field(snap, 1, std::uint64_t{etcd::crc32c(0, etcd::bytes_of(input))});
  etcd::protobuf::append_field(snap, 2, input);
  (void)etcd::snap::read(etcd::bytes_of(snap));
  return 0;
}
