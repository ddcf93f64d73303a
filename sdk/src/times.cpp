#include <array>
#include <charconv>
#include <cstdio>
#include <snapcore/sdk/types.hpp>

namespace snapcore::sdk {
namespace {

using std::chrono::seconds;

struct Unit {
  char letter;
  std::int64_t length;
};
constexpr std::array<Unit, 5> kUnits = {
    {{'w', 7 * 86400}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};

// Exactly `digits` digits at the front of `text`, which is shortened.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int number = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool take_either(std::string_view& text, char a, char b) { return take(text, a) || take(text, b); }

// "Z", "+02:00"; empty when it is neither, or when something follows.
std::optional<seconds> take_offset(std::string_view text) {
  if (take_either(text, 'Z', 'z')) return text.empty() ? std::optional(seconds(0)) : std::nullopt;
  const bool behind = !text.empty() && text.front() == '-';
  if (!take_either(text, '+', '-')) return std::nullopt;
  const auto hours = take_number(text, 2);
  if (!hours || !take(text, ':')) return std::nullopt;
  const auto minutes = take_number(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59 || !text.empty()) return std::nullopt;
  const seconds offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return behind ? -offset : offset;
}

std::string format(std::chrono::sys_seconds point, const char* pattern) {
  const auto day = std::chrono::floor<std::chrono::days>(point);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(point - day);
  char text[64];
  std::snprintf(text, sizeof text, pattern, static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

}  // namespace

std::string Duration::text() const {
  const std::int64_t count = length.count();
  for (const Unit& unit : kUnits) {
    if (count != 0 && count % unit.length == 0) {
      return std::to_string(count / unit.length) + unit.letter;
    }
  }
  return "0s";
}

std::optional<Duration> Duration::parse(std::string_view text) {
  // Nine digits of weeks still fit.
  if (text.size() < 2 || text.size() > 10) return std::nullopt;
  std::int64_t count = 0;
  const char* end = text.data() + text.size() - 1;
  if (text.front() < '0' || text.front() > '9') return std::nullopt;
  const auto [stopped, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || stopped != end) return std::nullopt;
  for (const Unit& unit : kUnits) {
    if (text.back() == unit.letter) return Duration{seconds(count * unit.length)};
  }
  return std::nullopt;
}

std::string Time::text() const { return format(point, "%04d-%02u-%02uT%02d:%02d:%02dZ"); }
std::string Time::stamp() const { return format(point, "%04d%02u%02uT%02d%02d%02dZ"); }

std::optional<Time> Time::parse(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || !take_either(text, 'T', 't')) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second) return std::nullopt;
  if (take(text, '.')) {
    const auto end = text.find_first_not_of("0123456789");
    if (end == 0 || end == std::string_view::npos) return std::nullopt;
    text.remove_prefix(end);
  }
  const auto offset = take_offset(text);
  const std::chrono::year_month_day date(std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day)));
  if (!offset || !date.ok() || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  return Time{std::chrono::sys_days(date) + std::chrono::hours(*hour) +
              std::chrono::minutes(*minute) + seconds(*second) - *offset};
}

}  // namespace snapcore::sdk
