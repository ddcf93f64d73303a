// What a certificate says of itself.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace web {

// When it ends; nothing when the text is no certificate.
std::optional<std::chrono::sys_seconds> end_of_certificate(const std::string& pem);

}  // namespace web
