#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <snapcore/utf8.hpp>

namespace snapcore {
namespace {

constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD

// `next` gets every sequence, an empty one for a byte that is not UTF-8; false ends.
template <class Next>
void for_each_sequence(std::string_view text, Next next) {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence_length(text);
    if (!next(text.substr(0, length))) return;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

}  // namespace

std::string describe_bytes(std::uint64_t bytes) {
  constexpr std::array<const char*, 6> kUnits = {"kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 1000) return std::to_string(bytes) + " B";
  double amount = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  // 999,950 would print as "1000.0 kB".
  while (amount >= 999.95 && unit + 1 < kUnits.size()) {
    amount /= 1000;
    ++unit;
  }
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", amount, kUnits[unit]);
  return text;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::uint64_t bytes;
  };
  constexpr std::array<Unit, 10> kUnits = {{{"", 1},
                                            {"B", 1},
                                            {"kB", 1'000},
                                            {"MB", 1'000'000},
                                            {"GB", 1'000'000'000},
                                            {"TB", 1'000'000'000'000},
                                            {"KiB", 1ULL << 10},
                                            {"MiB", 1ULL << 20},
                                            {"GiB", 1ULL << 30},
                                            {"TiB", 1ULL << 40}}};
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.substr(0, 1) == " " && text.size() > 1) text.remove_prefix(1);
  for (const Unit& unit : kUnits) {
    if (unit.name != text) continue;
    if (number > UINT64_MAX / unit.bytes) return std::nullopt;
    return number * unit.bytes;
  }
  return std::nullopt;
}

std::string describe_number(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string describe_count(std::uint64_t count, std::string_view one, std::string_view many) {
  std::string text = describe_number(count) + " ";
  if (count == 1) return text.append(one);
  if (!many.empty()) return text.append(many);
  return text.append(one) + "s";
}

std::string valid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for_each_sequence(text, [&](std::string_view sequence) {
    out += sequence.empty() ? kReplacement : sequence;
    return true;
  });
  return out;
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  for_each_sequence(text, [&](std::string_view sequence) {
    const bool replace = sequence.empty() || is_invisible(sequence);
    const std::string_view shown = replace ? kReplacement : sequence;
    if (out.size() + shown.size() > limit) {
      out += "...";
      return false;
    }
    out += shown;
    return true;
  });
  return out;
}

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += between;
    text += word;
  }
  return text;
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

}  // namespace snapcore
