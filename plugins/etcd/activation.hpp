// The short swap: stop all, put the live directories aside, put the staged ones in, start all,
// wait.
//
// The old ways must be open before the first stop: what undo needs is recorded right before it, and
// undo works from every state in between. It stops all first, since a stop may be half done.
#pragma once

#include <functional>
#include <snapcore/sdk/fields.hpp>
#include <string>
#include <vector>

#include "services.hpp"
#include "staged.hpp"
#include "swap.hpp"
#include "target.hpp"

namespace etcd {

// What the way back needs.
struct ActivationUndo {
  Swap swap = {};
  std::vector<std::string> running = {};  // before: to be started again
  std::vector<std::string> healthy = {};  // before: to be waited for
};
void fields(snapcore::sdk::Fields& f, ActivationUndo& undo);

struct WayBack {
  ActivationUndo data;
  std::vector<std::string> words;
  std::vector<std::string> shell;
};

struct ActivationWork {
  Watch watch = {};
  Step step = [](const std::string&) { return Result<>(); };
  std::function<Result<>(const WayBack&)> record_undo;
  std::string stamp;  // of the run
  std::string mark;   // of the call
};

struct Activated {
  Kept kept;
  std::vector<std::string> words;
};

// A member that does not become healthy is named in the words and no error: the swap is done, and
// what came of it is for health to judge. "etcd.stale_handle" when what was staged is not for the
// target as the site describes it now.
Result<Activated> activate(const Target& target, const Staged& staged, const ActivationWork& work);

// Stops all, puts the old state back and starts what ran before. A member that cannot be stopped
// ends it there when something was renamed, and else is left running. Says what came of it.
Result<std::vector<std::string>> undo_activation(const Target& target, const ActivationUndo& undo,
                                                 const Step& step, const Watch& watch);

// How far an activation with this stamp and mark came, by what the disk and the members show.
struct ActivationProbe {
  enum class State { kNotStarted, kDone, kPartial } state = State::kPartial;
  Activated result;    // kDone
  std::string detail;  // else
};
ActivationProbe probe_activation(const Target& target, const Staged& staged, std::string_view stamp,
                                 std::string_view mark, const Watch& watch);

// The places of the target's members, which must be those the handle was staged for.
Result<std::vector<Place>> places_for(const Target& target, const Staged& staged);

}  // namespace etcd
