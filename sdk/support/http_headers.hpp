// What stands in headers of an answer.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace snapcore::http {

// "Sun, 06 Nov 1994 08:49:37 GMT", whatever the locale is; nothing for any other text.
std::optional<std::chrono::sys_seconds> date(std::string_view text);

// Digits alone, that fit.
std::optional<std::uint64_t> number(std::string_view text);

// Content-Range: "bytes 5-9/10". Nothing when the whole is not known.
struct Extent {
  std::uint64_t first = 0;
  std::uint64_t total = 0;
};
std::optional<Extent> extent(std::string_view content_range);

}  // namespace snapcore::http
