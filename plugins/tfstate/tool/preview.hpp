// The operation preview: what a restore of a copy would mean, asked of the tool itself. The copy
// becomes the state of a working directory in memory, and the tool plans there.
#pragma once

#include <format/diff.hpp>
#include <snapcore/sdk/call.hpp>
#include <string>
#include <vector>

#include "work_place.hpp"

namespace tfstate {

struct PreviewArgs {
  snapcore::sdk::Artifact artifact = {};
  bool refresh = true;
};
void fields(snapcore::sdk::Fields& f, PreviewArgs& args);

struct PreviewResult {
  bool known = false;
  std::string tool = {};
  std::uint64_t creates = 0;
  std::uint64_t updates = 0;
  std::vector<std::string> destroys = {};    // and those that are replaced
  std::vector<std::string> duplicates = {};  // would be created, although they are there
  std::vector<std::string> unmanaged = {};   // are there, and the copy does not know them
  std::vector<std::string> words = {};
};
void fields(snapcore::sdk::Fields& f, PreviewResult& result);

// For the guard of a restore that would have objects destroyed later.
std::string would_destroy(const std::vector<std::string>& destroys);

// Where the tool cannot say it, for whatever reason, the result does: a restore needs no tool. An
// error is only that somebody asked to stop, or that the artifact cannot be read.
Result<PreviewResult> call_preview(snapcore::sdk::Call& call, const PreviewArgs& args,
                                   const WorkPlace& place, const StateBytes& live);

}  // namespace tfstate
