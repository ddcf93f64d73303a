#include "reading/text.hpp"

#include <array>
#include <cstdio>
#include <snapcore/utf8.hpp>

#include "base64.hpp"

namespace etcd {

std::string shown(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  while (!bytes.empty()) {
    const std::size_t length = snapcore::utf8_sequence_length(bytes);
    const auto first = static_cast<unsigned char>(bytes.front());
    if (length == 0 || first < 0x20 || first == 0x7f || first == '\\') {
      if (first == '\\') {
        text += "\\\\";
      } else {
        text += {'\\', 'x', kDigits[first >> 4], kDigits[first & 15]};
      }
      bytes.remove_prefix(1);
    } else {
      text += bytes.substr(0, length);
      bytes.remove_prefix(length);
    }
  }
  return text;
}

Written write_bytes(std::string_view bytes) {
  if (snapcore::is_utf8(bytes)) return {.text = std::string(bytes), .base64 = {}};
  return {.text = {}, .base64 = base64(bytes)};
}

std::string size_words(std::uint64_t bytes) {
  constexpr std::array kUnits = {"B", "kB", "MB", "GB", "TB"};
  double size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 999.5 && unit + 1 < kUnits.size(); ++unit) size /= 1000;
  std::array<char, 32> text{};
  (void)std::snprintf(text.data(), text.size(), unit == 0 || size >= 99.5 ? "%.0f %s" : "%.1f %s",
                      size, kUnits[unit]);
  return text.data();
}

}  // namespace etcd
