// Whether one state may take the place of another, and with which serial.
#pragma once

#include <format/serial.hpp>
#include <format/state.hpp>
#include <optional>
#include <string>

namespace tfstate {

struct Replacement {
  const std::string& name;  // of what was chosen
  const State& chosen;
  const std::string& here;     // what messages call the live state
  const State& live;           // or the one that was there before it was deleted
  bool other_lineage = false;  // is accepted
};
// "tfstate.other_lineage", "tfstate.encryption_differs"
Result<> may_replace(const Replacement& wanted);

struct NewSerial {
  std::uint64_t serial = 0;
  std::optional<Edit> edit = {};  // none: the bytes stay as they are
  std::string words = {};
};
// One more than both; an encrypted state keeps its own.
Result<NewSerial> new_serial(const State& chosen, std::uint64_t live);

}  // namespace tfstate
