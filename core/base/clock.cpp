#include "base/clock.hpp"

#include <charconv>
#include <cstdio>

namespace snapcore {
namespace {

using std::chrono::seconds;

std::string format(Time time, const char* pattern) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  char text[40];
  std::snprintf(text, sizeof text, pattern, static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text;
}

std::optional<int> digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int number = 0;
  for (const char c : text.substr(at, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

std::optional<seconds> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return seconds(0);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = digits(text, 1, 2);
  const auto minutes = digits(text, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const seconds offset(*hours * 3600 + *minutes * 60);
  return text[0] == '-' ? -offset : offset;
}

}  // namespace

Time SystemClock::now() const {
  return std::chrono::floor<seconds>(std::chrono::system_clock::now());
}

std::string to_rfc3339(Time time) { return format(time, "%04d-%02u-%02uT%02d:%02d:%02dZ"); }
std::string to_stamp(Time time) { return format(time, "%04d%02u%02uT%02d%02d%02dZ"); }

std::optional<Time> parse_time(std::string_view text) {
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' ||
      (text[10] != 'T' && text[10] != 't') || text[13] != ':' || text[16] != ':') {
    return std::nullopt;
  }
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  std::size_t rest = 19;
  if (text[rest] == '.') {
    do ++rest;
    while (rest < text.size() && text[rest] >= '0' && text[rest] <= '9');
  }
  const auto offset = parse_offset(text.substr(rest));
  if (!offset) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         seconds(*second) - *offset;
}

std::optional<seconds> parse_duration(std::string_view text) {
  long number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || number < 0 || number > 1000000 ||
      end + 1 != text.data() + text.size()) {
    return std::nullopt;
  }
  switch (*end) {
    case 's': return seconds(number);
    case 'm': return seconds(number * 60);
    case 'h': return seconds(number * 3600);
    case 'd': return seconds(number * 86400);
    case 'w': return seconds(number * 604800);
    default: return std::nullopt;
  }
}

std::string describe_age(seconds age) {
  const long total = age.count() < 0 ? 0 : age.count();
  char text[64];
  if (total < 120) {
    std::snprintf(text, sizeof text, "%ld s", total);
  } else if (total < 7200) {
    std::snprintf(text, sizeof text, "%ld min", total / 60);
  } else if (total < 172800) {
    std::snprintf(text, sizeof text, "%ld h %ld min", total / 3600, total / 60 % 60);
  } else {
    std::snprintf(text, sizeof text, "%ld d %ld h", total / 86400, total / 3600 % 24);
  }
  return text;
}

}  // namespace snapcore
