#include "runbook/nearest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace snapcore {
namespace {

// Letters to insert, remove or replace to make one of the other.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row.back();
}

}  // namespace

std::string nearest(std::string_view wanted, const std::vector<std::string>& names) {
  if (wanted.size() > 64) return "";
  std::string best;
  std::size_t least = wanted.size() < 5 ? 2 : 3;  // one more than is accepted
  for (const auto& name : names) {
    const std::size_t found = distance(wanted, name);
    if (found >= least) continue;
    least = found;
    best = name;
  }
  return best;
}

std::string join(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

}  // namespace snapcore
