#include "format/serial.hpp"

#include <algorithm>

namespace tfstate {

namespace {

snapcore::Error no_serial(const std::string& what, std::uint64_t serial) {
  return {.code = "tfstate.last_serial",
          .message = what + " has the serial " + std::to_string(serial) +
                     ", and snapcore counts up to 2^63-1: no state above it can be written",
          .hint =
              "no tool counts so far by itself; by hand: tofu state pull, give it a smaller "
              "serial, tofu state push -force",
          .category = snapcore::Category::kPrecondition};
}

}  // namespace

Result<> is_countable(const State& state, const std::string& name) {
  if (state.serial <= kLargestSerial) return {};
  return snapcore::fail(no_serial(name, state.serial));
}

Result<std::uint64_t> next_serial(std::uint64_t current, std::uint64_t chosen) {
  const std::uint64_t last = std::max(current, chosen);
  if (last < kLargestSerial) return last + 1;
  return snapcore::fail(no_serial(current >= chosen ? "the live state" : "the copy", last));
}

Edit serial_edit(const State& state, std::uint64_t serial) {
  if (state.serial_token)
    return {state.serial_token->offset, state.serial_token->length, std::to_string(serial)};
  return {state.body, 0, "\n  \"serial\": " + std::to_string(serial) + ","};
}

}  // namespace tfstate
