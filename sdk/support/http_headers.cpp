#include "http_headers.hpp"

#include <charconv>

namespace snapcore::http {

std::optional<std::chrono::sys_seconds> date(std::string_view text) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || text.substr(25) != " GMT") return std::nullopt;
  const auto digits = [&](std::size_t at, std::size_t width) {
    int value = -1;
    const char* begin = text.data() + at;
    const auto [end, error] = std::from_chars(begin, begin + width, value);
    return error == std::errc() && end == begin + width ? value : -1;
  };
  const auto month = kMonths.find(text.substr(8, 3));
  const int day = digits(5, 2);
  const int year = digits(12, 4);
  const int hour = digits(17, 2);
  const int minute = digits(20, 2);
  const int second = digits(23, 2);
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  if (day < 1 || year < 1970 || hour < 0 || minute < 0 || second < 0) return std::nullopt;
  const std::chrono::year_month_day day_of_year{
      std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month) / 3 + 1),
      std::chrono::day(static_cast<unsigned>(day))};
  if (!day_of_year.ok()) return std::nullopt;
  return std::chrono::sys_days(day_of_year) + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(second);
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<Extent> extent(std::string_view content_range) {
  if (!content_range.starts_with("bytes ")) return std::nullopt;
  content_range.remove_prefix(6);
  const auto dash = content_range.find('-');
  const auto slash = content_range.find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) {
    return std::nullopt;
  }
  const auto first = number(content_range.substr(0, dash));
  const auto total = number(content_range.substr(slash + 1));
  if (!first || !total) return std::nullopt;
  return Extent{*first, *total};
}

}  // namespace snapcore::http
