// The state that a fallback began with, the local one, and that of the store: who went on since,
// and whether one can take the place of the other without a loss.
#pragma once

#include <format/state.hpp>
#include <string>
#include <vector>

#include "elsewhere.hpp"
#include "fallback_record.hpp"

namespace tfstate {

struct Three {
  FallbackRecord record;
  std::string base, here, there;
  State here_state, there_state;
  std::vector<std::string> changed_here, changed_there;
  bool moved_on = false;  // the store, in content or in serial
  bool pushed = false;    // what is here is there already
};

// Asks the store. "tfstate.store_away", "tfstate.store_lost".
Result<Three> compare_three(const Elsewhere& store, const WorkPlace& place);

std::vector<std::string> words_of(const Three& three);

// "tfstate.both_changed": one of them would be lost.
Result<> may_return(const Three& three);

// The local one into the store, without force, and read back: the serial that it has there.
Result<std::uint64_t> push(const Elsewhere& store, const Three& three);

// Whether anything stands in the local state that did not stand in the copy it began with: what was
// created and destroyed again is no loss.
Result<bool> lost_with(const FallbackFiles& names, const WorkPlace& place);

}  // namespace tfstate
