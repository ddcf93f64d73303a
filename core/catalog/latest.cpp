#include "catalog/latest.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include "base/text.hpp"

namespace snapcore {
namespace {

using Verdict = Considered::Verdict;

// Newest first; what carries no time comes last.
bool comes_before(const Artifact& a, const Artifact& b) {
  const auto time_a = a.chosen_time(), time_b = b.chosen_time();
  if (time_a != time_b) return time_b < time_a;  // no time is less than any
  return a.ref > b.ref;
}

bool may_be_of_kind(const Artifact& artifact, const std::string& kind) {
  if (kind.empty() || artifact.kind == kind) return true;
  return artifact.kind.empty() && (artifact.problem || artifact.size == 0);
}

Verdict judge(const Artifact& artifact, const LatestFilter& filter) {
  if (!artifact.name.starts_with(filter.prefix)) return Verdict::kOtherName;
  const auto time = artifact.chosen_time();
  // Nobody looked for the kind of what is too new.
  if (filter.before && time && *time > *filter.before) return Verdict::kTooNew;
  if (!may_be_of_kind(artifact, filter.kind)) return Verdict::kOtherKind;
  if (!time) return Verdict::kNoTime;
  return Verdict::kOlder;
}

std::vector<const Artifact*> newest_first(std::span<const Artifact> artifacts) {
  std::vector<const Artifact*> order;
  order.reserve(artifacts.size());
  for (const Artifact& artifact : artifacts) order.push_back(&artifact);
  std::sort(order.begin(), order.end(),
            [](const Artifact* a, const Artifact* b) { return comes_before(*a, *b); });
  return order;
}

std::size_t count(std::span<const Considered> considered, Verdict verdict) {
  return static_cast<std::size_t>(
      std::count_if(considered.begin(), considered.end(),
                    [&](const Considered& one) { return one.verdict == verdict; }));
}

Error nothing_fits(std::span<const Artifact> artifacts, std::span<const Considered> considered,
                   const LatestFilter& filter) {
  const std::string where = artifacts.empty() || artifacts.front().source.empty()
                                ? "the source"
                                : artifacts.front().source;
  const bool times_are_missing = count(considered, Verdict::kNoTime) > 0;
  return {
      .code = times_are_missing ? "source.no_time" : "source.no_artifact",
      .message = "no " + in_words(filter) + " in " + where + " (" + in_words(considered) + ")",
      .hint = times_are_missing ? "nobody can say which is the newest: name one with --ref" : "",
      .category = Category::kPrecondition};
}

}  // namespace

std::string in_words(const LatestFilter& filter) {
  std::string words = filter.kind.empty() ? "artifact" : "artifact of kind '" + filter.kind + "'";
  if (!filter.prefix.empty()) words += " named '" + printable(filter.prefix) + "...'";
  if (filter.before) words += " not newer than " + to_rfc3339(*filter.before);
  return words;
}

std::string in_words(std::span<const Considered> considered) {
  struct Phrase {
    Verdict verdict;
    std::string_view words;
  };
  constexpr std::array<Phrase, 5> kPhrases = {{{Verdict::kOlder, "older"},
                                               {Verdict::kOtherName, "of another name"},
                                               {Verdict::kOtherKind, "of another kind"},
                                               {Verdict::kTooNew, "too new"},
                                               {Verdict::kNoTime, "without a time"}}};
  std::string words = describe_number(considered.size()) + " seen";
  std::string_view separator = ": ";
  for (const auto& [verdict, phrase] : kPhrases) {
    const std::size_t number = count(considered, verdict);
    if (number == 0) continue;
    words += std::string(separator) + describe_number(number) + " " + std::string(phrase);
    separator = ", ";
  }
  return words;
}

Result<LatestChoice> choose_latest(std::span<const Artifact> artifacts,
                                   const LatestFilter& filter) {
  const auto order = newest_first(artifacts);
  std::vector<Considered> considered;
  considered.reserve(order.size());
  for (const Artifact* artifact : order) {
    considered.push_back({artifact->ref, artifact->chosen_time(), judge(*artifact, filter)});
  }
  auto chosen = std::find_if(considered.begin(), considered.end(),
                             [](const Considered& one) { return one.verdict == Verdict::kOlder; });
  if (chosen == considered.end() && !filter.before && count(considered, Verdict::kNoTime) == 1) {
    chosen = std::find_if(considered.begin(), considered.end(),
                          [](const Considered& one) { return one.verdict == Verdict::kNoTime; });
  }
  if (chosen == considered.end()) return fail(nothing_fits(artifacts, considered, filter));
  chosen->verdict = Verdict::kChosen;
  const Artifact& artifact = *order[static_cast<std::size_t>(chosen - considered.begin())];
  return LatestChoice{artifact, std::move(considered)};
}

}  // namespace snapcore
