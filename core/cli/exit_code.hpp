// The exit codes of snapcore: one table, never reused.
//
//   0 / 1  done / done with warnings
//   2      failed before anything live was touched; what was staged is removed
//   3      a guard or the approval refused, while planning or applying; of a call that only reads:
//          what is read is damaged, or does not hold what was asked for
//   4      runbook, arguments, site or plugin wrong
//   5      failed in or after an activation, and undone
//   6      interrupted by the operator; where nothing was begun yet the message says so
//   7      needs a person
#pragma once

#include <snapcore/error.hpp>

namespace snapcore {

enum class ExitCode : int {
  kDone = 0,
  kDoneWithWarnings = 1,
  kFailedUntouched = 2,
  kRefused = 3,
  kWrongInput = 4,
  kUndone = 5,
  kInterrupted = 6,
  kNeedsPerson = 7,
};

// Of an error that came before the first act: while reading, planning or asking for approval. What
// happens later is the engine's Ending.
ExitCode exit_code_before_acts(const Error& error);

}  // namespace snapcore
