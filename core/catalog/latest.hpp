// Choosing the newest artifact.
//
// Newest is by the time it was made, else by its modification time; of several of one time the last
// by ref, so that everybody chooses the same. A broken artifact is a candidate like any other:
// restoring the day before because last night's backup is broken is a decision for a person.
#pragma once

#include <optional>
#include <snapcore/error.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "catalog/artifact.hpp"

namespace snapcore {

struct LatestFilter {
  std::string kind = {};            // "" any
  std::string prefix = {};          // of the name
  std::optional<Time> before = {};  // not after this time
};

struct Considered {
  std::string ref = {};
  std::optional<Time> time = {};
  enum class Verdict {
    kChosen,
    kOlder,      // would do, but there is a newer one
    kOtherName,  // does not begin with the prefix
    kOtherKind,
    kTooNew,  // after `before`
    kNoTime,  // carries no time, so that nobody can say how old it is
  } verdict = Verdict::kOlder;
};

struct LatestChoice {
  Artifact artifact;
  std::vector<Considered> considered;  // all of them, newest first
};

// An artifact whose kind nobody knows counts when its manifest cannot be read or it is empty: it
// may be the one. One without a time is chosen only when it is the only one left and `before` is
// not asked for. "source.no_artifact" says what there is instead; "source.no_time" when times are
// what is missing.
Result<LatestChoice> choose_latest(std::span<const Artifact> artifacts, const LatestFilter& filter);

// "artifact of kind 'note' named 'site/...' not newer than 2026-01-02T03:04:05Z"
std::string in_words(const LatestFilter& filter);

// "12 seen: 9 of another kind, 2 too new, 1 without a time"
std::string in_words(std::span<const Considered> considered);

}  // namespace snapcore
