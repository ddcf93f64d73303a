#include "times.hpp"

#include <charconv>

namespace s3 {

std::optional<std::chrono::sys_seconds> http_date(std::string_view text) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || text.substr(25) != " GMT") return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t width) {
    int value = -1;
    const char* begin = text.data() + at;
    const auto [end, error] = std::from_chars(begin, begin + width, value);
    return error == std::errc() && end == begin + width ? value : -1;
  };
  const auto month = kMonths.find(text.substr(8, 3));
  const int day = number(5, 2);
  const int year = number(12, 4);
  const int hour = number(17, 2);
  const int minute = number(20, 2);
  const int second = number(23, 2);
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  if (day < 1 || year < 1970 || hour < 0 || minute < 0 || second < 0) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month) / 3 + 1),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         std::chrono::seconds(second);
}

}  // namespace s3
