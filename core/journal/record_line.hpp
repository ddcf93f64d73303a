// One record as one line of text, and back. Pure: no files here.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "journal/journal.hpp"

namespace snapcore {

// What the first record is chained to.
std::string genesis_hash();

// The line with its newline; fills in record.hash. Text that is not UTF-8 is repaired in
// record.body first. "journal.record_too_large", "journal.invalid_record" when the body cannot be
// read back as it is.
Result<std::string> write_line(Record& record, std::string_view previous_hash);

// Why a line is no record that may follow `previous_hash`, in words; nothing when it is one.
struct ReadLine {
  std::optional<Record> record = {};
  std::string problem = {};
};
// Of which types the body is looked at; unset: of all. Others may come without, as null.
using WantsBody = std::function<bool(std::string_view type)>;
ReadLine read_line(std::string_view line_without_newline, std::string_view previous_hash,
                   std::uint64_t expected_seq, const WantsBody& wants_body = {});

}  // namespace snapcore
