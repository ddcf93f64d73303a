// The host's table seen from inside the SDK: which functions are there, and what their failures
// mean.
#pragma once

#include <snapcore/plugin.h>

#include <cstddef>
#include <snapcore/error.hpp>
#include <string>
#include <string_view>

// A function exists when the size that the host gave covers it and it is not null.
#define SNAPCORE_HOST_HAS(host, function)                                           \
  ((host) != nullptr &&                                                             \
   (host)->struct_size >= offsetof(sc_host, function) + sizeof((host)->function) && \
   (host)->function != nullptr)

namespace snapcore::sdk::detail {

inline constexpr std::string_view kStopped = "call.stopped";

inline sc_str to_host(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view from_host(sc_str text) {
  return text.size == 0 ? std::string_view() : std::string_view(text.data, text.size);
}

// The host's own error, or one made from the status when it has none.
Error host_failure(const sc_host* host, sc_call* call, std::int32_t status, std::string_view doing);
Error too_old(std::string_view function);

}  // namespace snapcore::sdk::detail
