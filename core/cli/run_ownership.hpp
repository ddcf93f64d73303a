// Who could have put a run where it is found.
#pragma once

#include <filesystem>
#include <snapcore/error.hpp>

#include "base/file_system.hpp"

namespace snapcore {

// A run carries commands, as those that give secrets, and whoever goes on with it executes them:
// the state directory and all of the run belong to root or to the caller, and nobody else can write
// them. "state.unsafe"
Result<> check_ours(FileSystem& fs, const Path& state, const Path& run);

}  // namespace snapcore
