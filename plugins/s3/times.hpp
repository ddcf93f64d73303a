// The date of an HTTP header.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace s3 {

// "Sun, 06 Nov 1994 08:49:37 GMT", whatever the locale is; nothing for any other text.
std::optional<std::chrono::sys_seconds> http_date(std::string_view text);

}  // namespace s3
