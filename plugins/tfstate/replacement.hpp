// Whether one state may take the place of another, and with which serial.
#pragma once

#include <format/serial.hpp>
#include <format/state.hpp>
#include <optional>
#include <string>

#include "handles.hpp"
#include "live_state.hpp"

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

// What a restore would replace as things stand, for its approval.
Replaced replaced_by(const LiveState& live);
Replaced replaced_by(const Base& base, const std::string& lineage);
// "serial 7, lineage 1234..., version ...", or "none".
std::string words_of(const Replaced& replaced);
// "tfstate.changed_since": somebody wrote after the plan was made, and nobody has approved to lose
// that.
Result<> is_as_planned(const std::optional<Replaced>& planned, const LiveState& live,
                       const std::string& here);
snapcore::Error written_since(const std::string& here, const Replaced& planned,
                              const Replaced& now);

struct NewSerial {
  std::uint64_t serial = 0;
  std::optional<Edit> edit = {};  // none: the bytes stay as they are
  std::string words = {};
};
// One more than both; an encrypted state keeps its own.
Result<NewSerial> new_serial(const State& chosen, std::uint64_t live);

}  // namespace tfstate
