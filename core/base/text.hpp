// Numbers and bytes as people read them in messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapcore {

// "512 B", "1.2 GB": decimal units, as disks are sold and as df -H shows them.
std::string describe_bytes(std::uint64_t bytes);

// A whole number and a unit: "512", "20 GB", "64MiB". Nothing when it is none, or too large.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

// "10,000"
std::string describe_number(std::uint64_t number);

// "1 record", "3 records", "10,000 entries" (describe_count(10000, "entry", "entries")).
std::string describe_count(std::uint64_t count, std::string_view one, std::string_view many = {});

std::string joined(const std::vector<std::string>& words, std::string_view between = ", ");

// Up to the first line break.
std::string first_line(std::string_view text);

// One line of printable text whatever came in: control characters and bytes that are not UTF-8
// become U+FFFD, and what is longer than `limit` bytes ends in "...". For foreign text in messages.
std::string printable(std::string_view text, std::size_t limit = 200);

// The same bytes where they are UTF-8; every byte that is not becomes U+FFFD.
std::string valid_utf8(std::string_view text);

}  // namespace snapcore
