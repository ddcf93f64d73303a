#include "format/serial.hpp"

#include <algorithm>

namespace tfstate {

Result<std::uint64_t> next_serial(std::uint64_t current, std::uint64_t chosen) {
  const std::uint64_t last = std::max(current, chosen);
  if (last != UINT64_MAX) return last + 1;
  return snapcore::fail({.code = "tfstate.last_serial",
                         .message = "the serial is 2^64-1: there is none above it",
                         .category = snapcore::Category::kPrecondition});
}

Edit serial_edit(const State& state, std::uint64_t serial) {
  if (state.serial_token)
    return {state.serial_token->offset, state.serial_token->length, std::to_string(serial)};
  return {state.body, 0, "\n  \"serial\": " + std::to_string(serial) + ","};
}

}  // namespace tfstate
