// Complete new member directories beside the live ones, from one pass over a snapshot's bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <snapcore/sdk/fields.hpp>
#include <snapcore/support/digest.hpp>
#include <span>
#include <string>
#include <vector>

#include "services.hpp"
#include "staged.hpp"
#include "target.hpp"

namespace etcd {

struct StagingOptions {
  std::optional<std::string> token = {};           // else the target's, else a fresh one
  std::optional<std::int64_t> bump_revision = {};  // 0: none; left out: only for Kubernetes' data
  bool accept_no_trailer = false;
  bool accept_corrupt_alarm = false;
  bool accept_authentication = false;
  bool accept_older_server = false;
};

// What staging makes, for its way back.
struct StagingUndo {
  std::vector<std::string> directories = {};
};
void fields(snapcore::sdk::Fields& f, StagingUndo& undo);

struct StagingWork {
  Watch watch = {};
  std::string name;                   // what messages call the snapshot
  std::optional<std::uint64_t> size;  // how long it must be
  std::string stamp;                  // of the run
  std::string key;                    // of the call, in hex: fresh names and token come from it
  std::function<Result<std::size_t>(std::span<std::byte>)> read;
  // The SHA-256 of all bytes but the last 32, once all are read; without it, it is made here.
  std::function<Result<std::optional<snapcore::Sha256::Digest>>()> digest_of_pages = {};
  std::function<Result<>(const StagingUndo&)> record_undo;
  std::function<void(std::uint64_t done)> progress = [](std::uint64_t) {};

  // A long copy is gone on with. `read` begins behind the first `resume_at` bytes, which an earlier
  // attempt of the same key has on disk; these are handed to `rehash` instead.
  std::uint64_t resume_at = 0;
  std::function<Result<>(std::span<const std::byte> prefix)> rehash = {};
  // So many bytes are on disk in every copy; 0: they are not what was read any more.
  std::function<Result<>(std::uint64_t bytes)> checkpoint = [](std::uint64_t) -> Result<> {
    return {};
  };
  std::uint64_t checkpoint_every = std::uint64_t{256} << 20;
};

struct StagedData {
  Staged handle;
  Expected expected;
  std::vector<std::string> words;
};

// Everything is on disk when this returns. On failure what it made is removed again, but for what a
// checkpoint promises to whoever goes on after an interruption.
Result<StagedData> stage(const Target& target, const StagingOptions& options,
                         const StagingWork& work);

// `checkpoint` when every copy that an attempt of this key made still has so many bytes, else 0.
std::uint64_t copied_before(const Target& target, const std::string& stamp, const std::string& key,
                            std::uint64_t checkpoint);

// What a file system must have free, and has.
struct SpaceNeed {
  std::string mount_point;
  std::uint64_t needed = 0;
  std::uint64_t free = 0;
};

// For a snapshot of `size` bytes; fails when a directory could not be staged or swapped in.
Result<std::vector<SpaceNeed>> space_needed(const Target& target, std::uint64_t size);

// Removes directories that carry the name of something staged and are named in the handle; a link
// is never followed, and what is gone is fine.
Result<> discard(const Staged& staged);
Result<> discard(const StagingUndo& undo);
// The same for what was put aside.
Result<std::vector<std::string>> release(const Kept& kept);

// Directories that a handle's data lies in.
std::vector<std::string> staged_directories(const Staged& staged);

}  // namespace etcd
