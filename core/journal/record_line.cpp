#include "journal/record_line.hpp"

#include <snapcore/support/digest.hpp>

#include "base/text.hpp"
#include "journal/canonical_text.hpp"

namespace snapcore {
namespace {

Value without_hash(const Record& record) {
  return Value::object({{"at", to_rfc3339(record.at)},
                        {"body", record.body},
                        {"seq", record.seq},
                        {"type", record.type}});
}

// `canonical` comes in two parts: the hash of a line stands between them.
std::string chained(std::string_view previous_hash, std::string_view canonical,
                    std::string_view rest = {}) {
  Sha256 hash;
  hash.update(previous_hash);
  hash.update(canonical);
  hash.update(rest);
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

// A whole line in canonical form, without its newline, cut at its members.
struct Cut {
  std::string_view at, body, hash, seq, type;
  std::string_view before_hash, behind_hash;
};

bool pass(std::string_view text, std::size_t& at, std::string_view expected) {
  if (text.substr(at, expected.size()) != expected) return false;
  at += expected.size();
  return true;
}

std::optional<std::string_view> pass_value(std::string_view text, std::size_t& at) {
  const auto end = end_of_canonical(text, at);
  if (!end) return std::nullopt;
  const std::string_view value = text.substr(at, *end - at);
  at = *end;
  return value;
}

// The text between the quotes, which is the string itself: none that has an escape is taken.
std::optional<std::string_view> pass_plain(std::string_view text, std::size_t& at) {
  const auto value = pass_value(text, at);
  if (!value || value->front() != '"' || value->find('\\') != std::string_view::npos)
    return std::nullopt;
  return value->substr(1, value->size() - 2);
}

// Nothing when the line is not in canonical form or is a rare one: it has other members, or a value
// that end_of_canonical() does not take.
std::optional<Cut> cut_at_members(std::string_view line) {
  std::size_t at = 0;
  if (!pass(line, at, R"({"at":)")) return std::nullopt;
  const auto time = pass_plain(line, at);
  if (!time || !pass(line, at, R"(,"body":)")) return std::nullopt;
  const auto body = pass_value(line, at);
  const std::size_t before = at;
  if (!body || !pass(line, at, R"(,"hash":)")) return std::nullopt;
  const auto hash = pass_plain(line, at);
  const std::size_t behind = at;
  if (!hash || !pass(line, at, R"(,"seq":)")) return std::nullopt;
  const auto seq = pass_value(line, at);
  if (!seq || !pass(line, at, R"(,"type":)")) return std::nullopt;
  const auto type = pass_plain(line, at);
  if (!type || !pass(line, at, "}") || at != line.size()) return std::nullopt;
  return Cut{*time, *body, *hash, *seq, *type, line.substr(0, before), line.substr(behind)};
}

// The line as it is written, but for its hash and newline; nothing when it may not read back as it
// is.
std::optional<std::string> plain_line(const Record& record) {
  const std::string body = record.body.dump();
  if (end_of_canonical(body) != body.size()) return std::nullopt;
  const std::string type = Value(record.type).dump();
  if (end_of_canonical(type) != type.size()) return std::nullopt;
  std::string line;
  line.reserve(body.size() + 200);
  line += R"({"at":")" + to_rfc3339(record.at) + R"(","body":)";
  line += body;
  line += R"(,"seq":)" + std::to_string(record.seq) + R"(,"type":)" + type + "}";
  return line;
}

}  // namespace

std::string genesis_hash() { return std::string(2 * Sha256::kSize, '0'); }

namespace {

// For what plain_line() does not take.
Result<std::string> repaired_line(Record& record) {
  std::string canonical = without_hash(record).dump();
  if (canonical.size() > kMaxRecordBytes) return fail(too_large(record, canonical.size()));
  auto back = Value::parse(canonical);
  if (!back) {
    canonical = valid_utf8(canonical);
    back = Value::parse(canonical);
    if (!back) return fail(invalid_record(record, back.error().message));
  }
  if (back->dump() != canonical)
    return fail(invalid_record(record, "it would read back differently"));
  record.body = back->at("body");
  return canonical;
}

}  // namespace

Result<std::string> write_line(Record& record, std::string_view previous_hash) {
  // What is written must read back as the same bytes, or the journal would be lost to its next
  // reader.
  auto plain = plain_line(record);
  if (!plain) {
    auto repaired = repaired_line(record);
    if (!repaired) return repaired;
    plain = std::move(*repaired);
  }
  std::string line = std::move(*plain);
  if (line.size() > kMaxRecordBytes) return fail(too_large(record, line.size()));
  record.hash = chained(previous_hash, line);
  // Behind the body: the first member that follows it, from the end.
  const std::size_t place = line.rfind(R"(,"seq":)");
  line.insert(place, R"(,"hash":")" + record.hash + '"');
  line += '\n';
  if (line.size() > kMaxRecordBytes) return fail(too_large(record, line.size()));
  return line;
}

namespace {

// By a tree made of the whole line: what decides about every line that is not cut_at_members().
ReadLine read_line_slowly(std::string_view line, std::string_view previous_hash,
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

}  // namespace

ReadLine read_line(std::string_view line, std::string_view previous_hash,
                   std::uint64_t expected_seq, const WantsBody& wants_body) {
  const auto cut = cut_at_members(line);
  const auto at = cut ? parse_time(cut->at) : std::nullopt;
  if (!at || cut->seq != std::to_string(expected_seq) ||
      chained(previous_hash, cut->before_hash, cut->behind_hash) != cut->hash)
    return read_line_slowly(line, previous_hash, expected_seq);
  Record record{.seq = expected_seq,
                .type = std::string(cut->type),
                .at = *at,
                .hash = std::string(cut->hash)};
  if (!wants_body || wants_body(record.type)) {
    auto body = Value::parse(cut->body);
    if (!body) return read_line_slowly(line, previous_hash, expected_seq);
    record.body = std::move(*body);
  }
  return {std::move(record), {}};
}

}  // namespace snapcore
