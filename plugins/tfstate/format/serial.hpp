// A state with another serial, without writing it anew: one number changes, every other byte stays.
#pragma once

#include <cstdint>
#include <format/state.hpp>
#include <string>

namespace tfstate {

// `text` takes the place of `removed` bytes at `offset`.
struct Edit {
  std::uint64_t offset = 0;
  std::uint64_t removed = 0;
  std::string text = {};
};

// The tools count up to 2^64-1; what is told between plugin and core ends here.
inline constexpr std::uint64_t kLargestSerial = INT64_MAX;

// "tfstate.last_serial": it is above that.
Result<> is_countable(const State& state, const std::string& name);
// "tfstate.last_serial" when there is no number above both.
Result<std::uint64_t> next_serial(std::uint64_t current, std::uint64_t chosen);

// Of a state in version 4 as read_state() found it.
Edit serial_edit(const State& state, std::uint64_t serial);

}  // namespace tfstate
