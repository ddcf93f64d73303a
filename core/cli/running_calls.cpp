#include <algorithm>

#include "cli/audiences.hpp"
#include "engine/scopes.hpp"

namespace snapcore {

Progress& RunningCalls::begin(const std::string& id, std::string title) {
  // In one branch a call follows another.
  std::erase_if(calls_, [&](const Call& call) { return branch_of(call.id) == branch_of(id); });
  calls_.push_back({id, Progress(now_)});
  calls_.back().progress.begin(std::move(title));
  return calls_.back().progress;
}

Progress* RunningCalls::find(const std::string& id) {
  const auto call =
      std::find_if(calls_.begin(), calls_.end(), [&](const Call& one) { return one.id == id; });
  return call == calls_.end() ? nullptr : &call->progress;
}

double RunningCalls::end(const std::string& id) {
  const Progress* progress = find(id);
  const double seconds = progress ? progress->seconds() : 0;
  std::erase_if(calls_, [&](const Call& call) { return call.id == id; });
  return seconds;
}

std::vector<std::string> RunningCalls::lines() const {
  std::vector<std::string> lines;
  for (const Call& call : calls_) lines.push_back(call.progress.line());
  return lines;
}

}  // namespace snapcore
