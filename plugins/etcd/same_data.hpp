// Whether all members hold the same data, by the best hash their HTTP port serves.
#pragma once

#include <string>

#include "observe.hpp"
#include "target.hpp"

namespace etcd {

struct SameData {
  enum class Verdict { kSame, kDiffers, kMoving, kNotAllowed } verdict = Verdict::kMoving;
  std::string words;      // what was compared, or what keeps it from being compared
  std::string hint = {};  // what helps against that
};

// `seen` holds a status of every member. kMoving: the members are not at one point; ask again.
// kNotAllowed: they want to know who asks.
SameData compare_data(const Target& target, const std::vector<Observation>& seen,
                      const std::function<bool()>& cancelled);

}  // namespace etcd
