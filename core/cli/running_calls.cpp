#include <algorithm>

#include "cli/audiences.hpp"

namespace snapcore {
namespace {

// The branch of the runbook in which a call stands; in one branch a call follows another.
// "root/parallel[1]/b/when[1]#2": "root/parallel[1]/b".
std::string_view branch_of(std::string_view id) {
  constexpr std::string_view kParallel = "/parallel[";
  const auto scope = id.substr(0, id.find('#'));
  const auto at = scope.rfind(kParallel);
  if (at == std::string_view::npos) return {};
  const auto name = scope.find('/', at + kParallel.size());
  if (name == std::string_view::npos) return scope;
  return scope.substr(0, scope.find('/', name + 1));
}

}  // namespace

Progress& RunningCalls::begin(const std::string& id, std::string title) {
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
