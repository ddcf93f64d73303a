#include "same_data.hpp"

#include <algorithm>
#include <optional>

namespace etcd {
namespace {

using Verdict = SameData::Verdict;

constexpr auto kPatience = std::chrono::seconds(30);  // a hash reads the whole database

struct Answers {
  std::vector<std::optional<KvHash>> hashes;  // empty where the member has no such hash
  std::string problem;
  std::string hint;
  bool not_allowed = false;  // and that is the problem

  SameData none() const {
    return {not_allowed ? Verdict::kNotAllowed : Verdict::kMoving, problem, hint};
  }
};

template <class Ask>
Answers ask_all(const Target& target, const std::function<bool()>& cancelled, Ask ask) {
  Answers answers;
  answers.hashes.resize(target.members.size());
  std::vector<std::optional<snapcore::Error>> problems(target.members.size());
  side_by_side(target.members.size(), [&](std::size_t i) {
    Gateway gateway = gateway_of(target.members[i], target, cancelled, kPatience);
    auto hash = ask(gateway);
    if (hash) {
      answers.hashes[i] = *hash;
    } else {
      problems[i] = hash.error();
    }
  });
  for (std::size_t i = 0; i < problems.size() && !answers.not_allowed; ++i) {
    if (!problems[i]) continue;
    answers.not_allowed = problems[i]->category == snapcore::Category::kAuth;
    if (!answers.problem.empty() && !answers.not_allowed) continue;
    answers.problem = target.members[i].name + ": " + problems[i]->message;
    answers.hint = problems[i]->hint;
  }
  return answers;
}

std::string by_member(const Target& target, const Answers& answers) {
  std::string text;
  for (std::size_t i = 0; i < answers.hashes.size(); ++i) {
    text += (text.empty() ? "" : ", ") + target.members[i].name + " " +
            std::to_string(answers.hashes[i]->hash);
  }
  return text;
}

template <class Of>
bool all_equal(const Answers& answers, Of of) {
  return std::all_of(answers.hashes.begin(), answers.hashes.end(),
                     [&](const auto& hash) { return of(*hash) == of(*answers.hashes.front()); });
}

SameData compare_backends(const Target& target, const std::vector<Observation>& seen,
                          const std::function<bool()>& cancelled) {
  const Answers answers =
      ask_all(target, cancelled, [](Gateway& gateway) -> Result<std::optional<KvHash>> {
        auto hash = gateway.backend_hash();
        if (!hash) return snapcore::fail(hash.error());
        return *hash;
      });
  if (!answers.problem.empty()) return answers.none();
  if (!all_equal(answers, [](const KvHash& hash) { return hash.revision; }))
    return {Verdict::kMoving, "the members are not at one revision"};
  const std::string revision = std::to_string(answers.hashes.front()->revision);
  if (all_equal(answers, [](const KvHash& hash) { return hash.hash; })) {
    return {Verdict::kSame, "backend hash " + std::to_string(answers.hashes.front()->hash) +
                                " at revision " + revision +
                                " on all members (this version serves no HashKV over HTTP)"};
  }
  // It covers more than keys: what the members are told of each other changes it without a
  // revision.
  const auto again = observe(target, Depth::kEverything, cancelled);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const auto& first = seen.front().status;
    const auto& now = again[i].status;
    if (!now || now->applied_index != first->applied_index ||
        seen[i].status->applied_index != first->applied_index) {
      return {Verdict::kMoving, "the members are not at one raft index"};
    }
  }
  return {Verdict::kDiffers,
          "the backend hash at revision " + revision + " differs: " + by_member(target, answers)};
}

}  // namespace

SameData compare_data(const Target& target, const std::vector<Observation>& seen,
                      const std::function<bool()>& cancelled) {
  std::int64_t lowest = seen.front().status->revision;
  for (const Observation& member : seen) lowest = std::min(lowest, member.status->revision);
  const Answers answers =
      ask_all(target, cancelled, [lowest](Gateway& gateway) { return gateway.hash_kv(lowest); });
  if (!answers.problem.empty()) return answers.none();
  const bool served = std::all_of(answers.hashes.begin(), answers.hashes.end(),
                                  [](const auto& hash) { return hash.has_value(); });
  if (!served) return compare_backends(target, seen, cancelled);
  if (!all_equal(answers, [](const KvHash& hash) { return hash.compact_revision; }))
    return {Verdict::kMoving, "the members are not compacted to one revision"};
  const std::string at = "at revision " + std::to_string(lowest) + " (compacted to " +
                         std::to_string(answers.hashes.front()->compact_revision) + ")";
  if (all_equal(answers, [](const KvHash& hash) { return hash.hash; })) {
    return {Verdict::kSame, "HashKV " + std::to_string(answers.hashes.front()->hash) + " " + at +
                                " on all members"};
  }
  return {Verdict::kDiffers, "HashKV " + at + " differs: " + by_member(target, answers)};
}

}  // namespace etcd
