#include "engine/scopes.hpp"

#include <algorithm>

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

// Where in a scope something stands: at the 2nd call for "root#2", "root#2.stage"; at the 3rd retry
// for "root/retry[3]#1".
struct Place {
  std::string_view word;  // "" a call of the scope itself
  std::uint64_t number = 0;
};

Place place_in(std::string_view scope, std::string_view id) {
  id.remove_prefix(scope.size());
  Place place;
  if (id.substr(0, 1) == "/") {
    place.word = id.substr(1, id.find('[') - 1);
    id.remove_prefix(std::min(id.size(), id.find('[')));
  }
  for (const char c : id.substr(std::min<std::size_t>(1, id.size()))) {
    if (c < '0' || c > '9') break;
    place.number = 10 * place.number + static_cast<std::uint64_t>(c - '0');
  }
  return place;
}

}  // namespace

bool Scopes::lies_ahead(std::string_view id) const {
  if (!stands_in(id, here().path)) return false;
  const Place place = place_in(here().path, id);
  if (place.word.empty()) return place.number > here().counts.calls;
  const auto& inner = here().counts.inner;
  const auto come_to = inner.find(place.word);
  return come_to == inner.end() || place.number > come_to->second;
}

void Scopes::pass_over(std::string_view id) {
  const Place place = place_in(here().path, id);
  ScopeCounts& now = open_.back().counts;
  std::uint64_t& count = place.word.empty() ? now.calls : now.inner[std::string(place.word)];
  count = std::max(count, place.number);
}

void Scopes::pass_to(const ScopeCounts& end) {
  ScopeCounts& now = open_.back().counts;
  now.calls = std::max(now.calls, end.calls);
  now.reads = std::max(now.reads, end.reads);
  for (const auto& [word, number] : end.inner) {
    std::uint64_t& count = now.inner[word];
    count = std::max(count, number);
  }
}

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
