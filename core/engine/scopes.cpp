#include "engine/scopes.hpp"

namespace snapcore {
namespace {

constexpr std::string_view kBranch = "/branch[";

// "retry[1]@2" is the retry[1], whichever round.
std::string without_rounds(std::string_view path) {
  std::string plain;
  bool in_round = false;
  for (const char c : path) {
    if (c == '@') in_round = true;
    if (c == '/') in_round = false;
    if (!in_round) plain += c;
  }
  return plain;
}

// The first component, cut off.
std::string_view take_component(std::string_view& path) {
  const std::string_view first = path.substr(0, path.find('/'));
  path.remove_prefix(std::min(path.size(), first.size() + 1));
  return first;
}

}  // namespace

std::string branch_of(std::string_view id) {
  const std::string_view path = id.substr(0, id.find_first_of("#?"));
  const auto branch = path.rfind(kBranch);
  if (branch == std::string_view::npos) return "";
  return without_rounds(path.substr(0, path.find('/', branch + 1)));
}

bool are_beside(std::string_view branch, std::string_view other) {
  while (!branch.empty() && !other.empty()) {
    const std::string_view one = take_component(branch);
    const std::string_view two = take_component(other);
    if (one == two) continue;
    const auto word = kBranch.substr(1);
    return one.substr(0, word.size()) == word && two.substr(0, word.size()) == word;
  }
  return false;
}

}  // namespace snapcore
