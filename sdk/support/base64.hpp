// Base64 with padding, RFC 4648 section 4.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace snapcore {

std::string base64(std::string_view bytes);
// Nothing when the text is no whole base64, padding included.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace snapcore
