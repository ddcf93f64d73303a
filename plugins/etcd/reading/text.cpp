#include "reading/text.hpp"

#include <array>
#include <cstdio>
#include <snapcore/support/base64.hpp>
#include <snapcore/utf8.hpp>

namespace etcd {

Written write_bytes(std::string_view bytes) {
  if (snapcore::is_utf8(bytes)) return {.text = std::string(bytes), .base64 = {}};
  return {.text = {}, .base64 = snapcore::base64(bytes)};
}

Written write_key(std::string_view key) {
  Written written = write_bytes(key);
  if (key.find('\0') != std::string_view::npos) written.base64 = snapcore::base64(key);
  return written;
}

std::string shown_key(std::string_view key) {
  const std::string text = shown(key);
  return text == key ? text : text + "  (base64 " + snapcore::base64(key) + ")";
}

std::string count_words(std::uint64_t count, const std::string& one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
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
