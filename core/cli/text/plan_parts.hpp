// How the plan's text tells of retry, wait_until, attempt, on_rollback and parallel: a line where
// one begins, and what stands in it deeper.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "engine/plan.hpp"

namespace snapcore {

struct PartLine {
  std::size_t depth = 0;
  std::string text = {};
  const PlannedPart* part = nullptr;
};

class PartLines {
 public:
  explicit PartLines(const Plan& plan) : plan_(plan) {}

  // What is said before the next call of the plan, and behind the last one. Call it in order.
  std::vector<PartLine> before(std::size_t index, const PlannedCall* call);

  std::size_t depth(std::string_view id) const;

 private:
  void say_ways(const std::string& id, std::vector<PartLine>& lines);
  void say_empty_ways(const PlannedPart& part, std::size_t before, std::vector<PartLine>& lines);
  void leave_parts(std::string_view next, std::vector<PartLine>& lines);

  const Plan& plan_;
  std::set<std::string> said_;            // ways and branches
  std::vector<const PlannedPart*> open_;  // that fork, the innermost last
};

}  // namespace snapcore
