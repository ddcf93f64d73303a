// A state that is encrypted, as the tool reads it: nobody else has the key.
#pragma once

#include <format/diff.hpp>
#include <snapcore/sdk/call.hpp>
#include <string>

#include "work_place.hpp"

namespace tfstate {

// The same bytes where they are not encrypted, else what the tool decrypts of them, in memory.
// "tfstate.cannot_decrypt" is what the tool says of these bytes; any other error, that it could not
// be asked.
Result<StateBytes> readable(snapcore::sdk::Call& call, const WorkPlace& place, StateBytes bytes);

}  // namespace tfstate
