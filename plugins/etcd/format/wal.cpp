#include "format/wal.hpp"

#include <format/crc32c.hpp>
#include <format/protobuf.hpp>

namespace etcd::wal {
namespace {

using protobuf::append_field;
using protobuf::FieldReader;
using snapcore::fail;

constexpr std::uint64_t kConfigurationChange = 1;  // raftpb.EntryType
constexpr std::uint64_t kAddNode = 0;              // raftpb.ConfChangeType
constexpr std::uint64_t kTerm = 1;

class Writer {
 public:
  Writer() {
    std::string record;
    append_field(record, 1, static_cast<std::uint64_t>(RecordType::kCrc));
    append_field(record, 2, std::uint64_t{crc_});
    append_frame(record);
  }

  void append(RecordType type, std::string_view data) {
    crc_ = crc32c(crc_, bytes_of(data));
    std::string record;
    append_field(record, 1, static_cast<std::uint64_t>(type));
    append_field(record, 2, std::uint64_t{crc_});
    append_field(record, 3, data);
    append_frame(record);
  }

  std::string take() { return std::move(bytes_); }

 private:
  void append_frame(std::string_view record) {
    const std::uint64_t padding = (8 - record.size() % 8) % 8;
    std::uint64_t length = record.size();
    if (padding != 0) length |= (0x80 | padding) << 56;
    append_le(bytes_, length);
    bytes_ += record;
    bytes_.append(padding, '\0');
  }

  std::string bytes_;
  std::uint32_t crc_ = 0;
};

std::string add_member_entry(const Member& member, std::uint64_t index) {
  Member voter = member;
  voter.client_urls.clear();
  voter.is_learner = false;
  std::string change;
  append_field(change, 1, std::uint64_t{0});
  append_field(change, 2, kAddNode);
  append_field(change, 3, member.id);
  append_field(change, 4, member_json(voter));
  std::string entry;
  append_field(entry, 1, kConfigurationChange);
  append_field(entry, 2, kTerm);
  append_field(entry, 3, index);
  append_field(entry, 4, change);
  return entry;
}

std::string snapshot_record(std::uint64_t index, std::uint64_t term) {
  std::string record;
  append_field(record, 1, index);
  append_field(record, 2, term);
  return record;
}

snapcore::Error damaged(std::string message) {
  return {.code = "etcd.wal_damaged",
          .message = std::move(message),
          .category = snapcore::Category::kCorrupt};
}

// Hands each field to `take`; the fields it does not know are skipped.
template <class Take>
Result<> decode(std::string_view what, std::string_view message, Take take) {
  FieldReader fields(bytes_of(message));
  while (fields.next()) take(fields);
  if (fields.problem().empty()) return {};
  return fail(damaged(std::string(what) + ": " + std::string(fields.problem())));
}

}  // namespace

std::string conf_state(const Cluster& cluster) {
  std::string state;
  for (const Member& member : cluster.members) append_field(state, 1, member.id);
  append_field(state, 5, std::uint64_t{0});
  return state;
}

std::string initial_segment(const Cluster& cluster, std::uint64_t node_id, Dialect dialect) {
  Writer writer;
  std::string metadata;
  append_field(metadata, 1, node_id);
  append_field(metadata, 2, cluster.id);
  writer.append(RecordType::kMetadata, metadata);
  writer.append(RecordType::kSnapshot, snapshot_record(0, 0));
  std::uint64_t index = 0;
  for (const Member& member : cluster.members) {
    writer.append(RecordType::kEntry, add_member_entry(member, ++index));
  }
  std::string state;
  append_field(state, 1, kTerm);
  append_field(state, 2, cluster.members.front().id);
  append_field(state, 3, index);
  writer.append(RecordType::kState, state);
  std::string snapshot = snapshot_record(index, kTerm);
  if (dialect == Dialect::k35) append_field(snapshot, 3, conf_state(cluster));
  writer.append(RecordType::kSnapshot, snapshot);
  return writer.take();
}

Result<Segment> read_segment(Bytes bytes) {
  Segment segment;
  std::size_t at = 0;
  while (bytes.size() - at >= 8) {
    const auto frame = load_le<std::uint64_t>(bytes.data() + at);
    if (frame == 0) break;
    const std::string where = "record at byte " + std::to_string(at);
    const std::uint64_t length = frame & 0x00ff'ffff'ffff'ffff;
    const std::uint64_t padding = (frame >> 63) != 0 ? (frame >> 56) & 7 : 0;
    if (length > bytes.size() - at - 8 || padding > bytes.size() - at - 8 - length) {
      return fail(damaged(where + " passes the end of the segment"));
    }
    std::uint64_t type = 0;
    Record record;
    const auto message = text_of(bytes.subspan(at + 8, length));
    const auto done = decode(where, message, [&](FieldReader& field) {
      if (field.number() == 1) type = field.varint();
      if (field.number() == 2) record.crc = static_cast<std::uint32_t>(field.varint());
      if (field.number() == 3) record.data = field.text();
    });
    if (!done) return fail(done.error());
    if (type < 1 || type > 5) return fail(damaged(where + " has type " + std::to_string(type)));
    record.type = static_cast<RecordType>(type);
    if (record.type == RecordType::kCrc) {
      if (segment.crc != 0 && segment.crc != record.crc) {
        return fail(damaged(where + ": the running checksum does not fit"));
      }
      segment.crc = record.crc;
    } else {
      segment.crc = crc32c(segment.crc, bytes_of(record.data));
      if (segment.crc != record.crc) return fail(damaged(where + ": the checksum does not fit"));
    }
    segment.records.push_back(record);
    at += 8 + length + padding;
  }
  segment.used_bytes = at;
  return segment;
}

Result<Metadata> decode_metadata(std::string_view message) {
  Metadata decoded;
  const auto done = decode("metadata", message, [&](FieldReader& field) {
    if (field.number() == 1) decoded.node_id = field.varint();
    if (field.number() == 2) decoded.cluster_id = field.varint();
  });
  if (!done) return fail(done.error());
  return decoded;
}

Result<HardState> decode_state(std::string_view message) {
  HardState decoded;
  const auto done = decode("state", message, [&](FieldReader& field) {
    if (field.number() == 1) decoded.term = field.varint();
    if (field.number() == 2) decoded.vote = field.varint();
    if (field.number() == 3) decoded.commit = field.varint();
  });
  if (!done) return fail(done.error());
  return decoded;
}

Result<Entry> decode_entry(std::string_view message) {
  Entry decoded;
  const auto done = decode("entry", message, [&](FieldReader& field) {
    if (field.number() == 1) decoded.type = field.varint();
    if (field.number() == 2) decoded.term = field.varint();
    if (field.number() == 3) decoded.index = field.varint();
    if (field.number() == 4) decoded.content = field.text();
  });
  if (!done) return fail(done.error());
  return decoded;
}

}  // namespace etcd::wal
