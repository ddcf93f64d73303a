// Base64 with padding, as the gateway carries bytes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace etcd {

std::string base64(std::string_view bytes);
std::optional<std::string> from_base64(std::string_view text);

}  // namespace etcd
