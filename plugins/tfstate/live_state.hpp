// The state file as it is now.
#pragma once

#include <format/state.hpp>
#include <functional>
#include <string>

#include "place.hpp"

namespace tfstate {

struct LiveState {
  State state = {};         // Form::kNothing also where there is no file
  std::string sha256 = {};  // of all bytes; of no bytes where there is none
  std::uint64_t size = 0;
  // Of an object in a store.
  std::optional<std::string> etag = {};
  std::optional<std::string> version_id = {};
  std::optional<State> deleted = {};  // what the store still has of one that was deleted
};

// Whole, with its digest. `take` gets the bytes as they pass. The file must not change meanwhile:
// "tfstate.changed".
Result<LiveState> read_live(const std::filesystem::path& file,
                            const std::function<Result<>(std::span<const std::byte>)>& take = {});
// Of one that read_live() finds broken: its digest, and serial and lineage as far as they can still
// be read.
Result<LiveState> read_broken(const std::filesystem::path& file);
// Of the bytes alone, whatever they are.
Result<std::string> digest_of(const std::filesystem::path& file);

}  // namespace tfstate
