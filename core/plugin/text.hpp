// Text that comes over the border.
#pragma once

#include <snapcore/plugin.h>

#include <optional>
#include <string>
#include <string_view>

namespace snapcore {

// Nothing when the plugin gave a size without bytes.
inline std::optional<std::string_view> view_of(sc_str text) {
  if (text.size == 0) return std::string_view();
  if (!text.data) return std::nullopt;
  return std::string_view(text.data, static_cast<std::size_t>(text.size));
}

inline sc_str borrowed(const std::string& text) { return {text.data(), text.size()}; }

}  // namespace snapcore
