// The lock of a local state, taken as the tools take it: a write lock on the whole file, and who
// holds it in a file beside it.
//
// The lock belongs to the open file, not to the process: no other part of this process loses it by
// closing the same file. The tools' own locks exclude it and are excluded by it. The file is
// written in place, as the tools do: whoever waits for the lock has this file open already, and
// would write into one that is gone.
#pragma once

#include <format/lock_info.hpp>
#include <optional>
#include <snapcore/support/files.hpp>

#include "place.hpp"

namespace tfstate {

using snapcore::files::UniqueFd;

class StateLock {
 public:
  // Makes an empty file where there is none, as the tools do: that is no state. "tfstate.locked"
  // says who holds it.
  static Result<StateLock> take(const Place& place, const LockInfo& info);
  ~StateLock();
  StateLock(StateLock&& other) noexcept = default;
  StateLock& operator=(StateLock&&) = delete;

  const UniqueFd& fd() const { return fd_; }

  // The file beside goes first, then the lock.
  void release();

 private:
  StateLock(Place place, UniqueFd fd) : place_(std::move(place)), fd_(std::move(fd)) {}
  Place place_;
  UniqueFd fd_;
};

// Somebody holds the lock now.
bool is_locked(const Place& place);
// What stands beside the state of its holder; it may be of one that is gone.
std::optional<LockInfo> holder_of(const Place& place);
// "root@host since 2026-01-02T03:04:05Z (apply, lock 1234...)"
std::string words_of(const LockInfo& info);

}  // namespace tfstate
