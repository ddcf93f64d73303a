#include "journal/record_line.hpp"

#include <snapcore/support/digest.hpp>

#include "base/text.hpp"

namespace snapcore {
namespace {

Value without_hash(const Record& record) {
  return Value::object({{"at", to_rfc3339(record.at)},
                        {"body", record.body},
                        {"seq", record.seq},
                        {"type", record.type}});
}

std::string chained(std::string_view previous_hash, std::string_view canonical) {
  Sha256 hash;
  hash.update(previous_hash);
  hash.update(canonical);
  return to_hex(hash.finish());
}

Error invalid_record(const Record& record, std::string why) {
  return {.code = "journal.invalid_record",
          .message = "a record of type " + record.type + " cannot be written: " + std::move(why),
          .category = Category::kInternal};
}

Error too_large(const Record& record, std::size_t bytes) {
  return {.code = "journal.record_too_large",
          .message = "a record of type " + record.type + " has " + describe_bytes(bytes) +
                     "; the journal takes " + describe_bytes(kMaxRecordBytes),
          .category = Category::kInternal};
}

}  // namespace

std::string genesis_hash() { return std::string(2 * Sha256::kSize, '0'); }

Result<std::string> write_line(Record& record, std::string_view previous_hash) {
  std::string canonical = without_hash(record).dump();
  if (canonical.size() > kMaxRecordBytes) return fail(too_large(record, canonical.size()));
  // What is written must read back as the same bytes, or the journal would be lost to its next
  // reader.
  auto back = Value::parse(canonical);
  if (!back) {
    canonical = valid_utf8(canonical);
    back = Value::parse(canonical);
    if (!back) return fail(invalid_record(record, back.error().message));
  }
  if (back->dump() != canonical)
    return fail(invalid_record(record, "it would read back differently"));
  record.body = back->at("body");
  record.hash = chained(previous_hash, canonical);
  (*back)["hash"] = record.hash;
  std::string line = back->dump() + "\n";
  if (line.size() > kMaxRecordBytes) return fail(too_large(record, line.size()));
  return line;
}

ReadLine read_line(std::string_view line, std::string_view previous_hash,
                   std::uint64_t expected_seq) {
  auto value = Value::parse(line);
  if (!value) return {{}, value.error().message};
  // The canonical form is the only one: otherwise a changed byte could hide between the tokens.
  if (value->dump() != line) return {{}, "it is not in canonical form"};
  Record record{.seq = value->at("seq").uint_or(0),
                .type = value->at("type").text(),
                .body = value->at("body"),
                .hash = value->at("hash").text()};
  value->erase("hash");
  if (chained(previous_hash, value->dump()) != record.hash) {
    return {{}, "its hash does not fit its text and the record before it"};
  }
  const auto at = parse_time(value->at("at").text());
  if (!at || record.seq != expected_seq || !value->at("seq").is_integer()) {
    return {{}, "its members are not those of record " + std::to_string(expected_seq)};
  }
  record.at = *at;
  return {std::move(record), {}};
}

}  // namespace snapcore
