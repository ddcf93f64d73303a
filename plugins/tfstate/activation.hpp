// The swap, under the lock of the tools: the old state is copied aside, the new one written in its
// place, read back, and the lock given back.
//
// It is written in place and not by a rename, see state_lock.hpp. Half a write after a crash is
// told from a state that somebody else wrote: each of its bytes is one of the old or of the new.
#pragma once

#include <functional>

#include "handles.hpp"
#include "place.hpp"
#include "state_lock.hpp"

namespace tfstate {

struct ActivationWork {
  LockInfo lock;
  std::string suffix;  // .kept-TIME-KEY
  std::function<Result<>(const WayBack&)> record_undo;
  std::function<void(const std::string&)> say;
};

struct ActivationResult {
  std::optional<Kept> kept;
  std::vector<std::string> words;
};

// Run again after a crash it goes on. "tfstate.changed_since" when the live state is another than
// the one it was staged for: nothing is touched.
Result<ActivationResult> activate(const Place& place, const Staged& staged,
                                  const ActivationWork& work);

// Puts the old state back, if the new one, or half of it, is there; "tfstate.changed_since" when
// somebody has written since, whose work would be lost.
Result<std::vector<std::string>> take_back(const Place& place, const WayBack& back,
                                           const LockInfo& info);

}  // namespace tfstate
