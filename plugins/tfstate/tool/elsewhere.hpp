// The tool at work in a copy of the working directory, so that nothing it leaves comes into that.
#pragma once

#include <snapcore/sdk/call.hpp>
#include <string>

#include "scratch.hpp"
#include "tool_run.hpp"
#include "work_place.hpp"
#include "working_copy.hpp"

namespace tfstate {

struct Elsewhere {
  Scratch scratch;
  WorkingCopy copy;
  ToolRun tool;
};

// Without what a fallback put into the directory.
Result<Elsewhere> elsewhere(snapcore::sdk::Call& call, const WorkPlace& place);

// What init leaves when the backend is the local one.
Result<std::string> local_record(snapcore::sdk::Call& call, const WorkPlace& place);

// Makes the copy look to the store: as the backend was before the fallback, or as it is configured.
Result<> use_the_store(const Elsewhere& store, const WorkPlace& place);
// "tfstate.store_away".
Result<std::string> pull(const Elsewhere& store);

}  // namespace tfstate
