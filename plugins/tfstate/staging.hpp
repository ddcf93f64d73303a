// The new state, whole and durable beside the live one: the bytes of the artifact with one number
// changed.
#pragma once

#include <functional>
#include <span>

#include "handles.hpp"
#include "place.hpp"

namespace tfstate {

struct StagingWork {
  std::string name;                       // of the artifact
  std::string suffix;                     // .staged-TIME-KEY
  bool other_lineage = false;             // is accepted
  bool broken_live = false;               // so is a live state that cannot be read
  std::optional<Replaced> replaces = {};  // the live state that the plan was made for
  std::function<Result<std::size_t>(std::span<std::byte>)> read;
  std::function<Result<>(const std::string& file)> record_undo;
  std::function<Result<>()> keep_going;
};

struct StagingResult {
  Staged handle;
  std::vector<std::string> words;
};

// The serial becomes one more than that of the artifact and of the live state; an encrypted state
// stays as it is. "tfstate.other_lineage", "tfstate.encryption_differs", and what read_state()
// refuses.
Result<StagingResult> stage(const Place& place, const StagingWork& work);

// What was staged is still what it was, and so is what it is to replace.
Result<std::vector<std::string>> check_staged(const Place& place, const Staged& staged);

}  // namespace tfstate
