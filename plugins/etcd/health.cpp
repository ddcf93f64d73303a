#include "health.hpp"

#include <algorithm>
#include <format/bytes.hpp>
#include <optional>

#include "same_data.hpp"
#include "waiting.hpp"

namespace etcd {
namespace {

using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::Outcome;
using Clock = std::chrono::steady_clock;

// Answers that differ this often in a row, with nothing moving, are believed.
constexpr int kBelieved = 3;
constexpr auto kOneQuestion = std::chrono::milliseconds(2000);

Error wrong_cluster(std::string message) {
  return {.code = "etcd.wrong_cluster",
          .message = std::move(message),
          .hint = "another member, or another data directory, answers there",
          .category = Category::kConflict,
          .outcome = Outcome::kHappened};
}

// Nobody will be somebody at the next question.
Error not_allowed(const Target& target, const std::string& answer, const std::string& hint) {
  const bool anonymous = !target.login;
  return {.code = "etcd.authentication",
          .message = (anonymous ? "the cluster has authentication on, and the instance names no "
                                  "user: "
                                : "") +
                     answer,
          .hint = anonymous
                      ? "name user and password of the instance in the site, or look at what was "
                        "restored with 'etcdctl --user', after a run that is held "
                        "(--on-failure hold)"
                      : hint,
          .category = Category::kAuth,
          .outcome = Outcome::kHappened};
}

std::string ids_of(const MemberList& list) {
  std::string text;
  for (const ListedMember& member : list.members)
    text += (text.empty() ? "" : ", ") + id_text(member.id) +
            (member.name.empty() ? "" : " (" + member.name + ")");
  return text;
}

// What is still missing of the member list; names arrive a moment after the start.
Result<std::string> compare_members(const TargetMember& asked, const Expected& expected,
                                    const MemberList& list) {
  bool same = list.members.size() == expected.members.size();
  std::string missing;
  for (const ExpectedMember& wanted : expected.members) {
    const auto found =
        std::find_if(list.members.begin(), list.members.end(),
                     [&](const ListedMember& member) { return id_text(member.id) == wanted.id; });
    if (found == list.members.end()) {
      same = false;
      continue;
    }
    if (found->name.empty()) missing = "member " + wanted.name + " did not tell its name yet";
    same = same && found->peer_urls == wanted.peer_urls &&
           (found->name == wanted.name || found->name.empty());
  }
  if (same) return missing;
  return fail(wrong_cluster("member " + asked.name +
                            " names other members than were restored: " + ids_of(list)));
}

class HealthCheck {
 public:
  HealthCheck(const Target& target, const Expected& expected, const Watch& watch)
      : target_(target), expected_(expected), watch_(watch) {}

  // True when all holds. False: not yet, and why() says what; an error: never.
  Result<bool> ask() {
    seen_ = observe(target_, Depth::kEverything, watch_.cancelled, kOneQuestion);
    why_.clear();
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      auto fine = look_at(target_.members[i], seen_[i]);
      if (!fine) return fail(fine.error());
      if (why_.empty()) why_ = *fine;
    }
    if (!why_.empty()) return false;
    return compare();
  }

  const std::string& why() const { return why_; }

  std::vector<std::string> words() const {
    std::vector<std::string> words;
    words.push_back((seen_.size() == 1 ? "" : "all ") + counted(seen_.size(), "member") +
                    " healthy, one cluster " + expected_.cluster_id + ", etcd " +
                    seen_.front().version);
    words.push_back(same_);
    return words;
  }

 private:
  Result<std::string> look_at(const TargetMember& member, const Observation& seen) const {
    if (seen.problem && seen.problem->category == Category::kAuth)
      return fail(
          not_allowed(target_, member.name + ": " + seen.problem->message, seen.problem->hint));
    if (seen.status && id_text(seen.status->cluster_id) != expected_.cluster_id) {
      return fail(wrong_cluster("member " + member.name + " belongs to cluster " +
                                id_text(seen.status->cluster_id) + ", not to the restored one, " +
                                expected_.cluster_id));
    }
    if (seen.health && !seen.health->healthy) {
      const std::string& reason = seen.health->reason;
      return member.name + " answers that it is not healthy" +
             (reason.empty() ? alarms(seen) : " (" + reason + ")");
    }
    if (!seen.status || !seen.members || !seen.health)
      return member.name + ": " + (seen.problem ? seen.problem->message : "no answer");
    if (seen.status->revision < expected_.revision) {
      return member.name + " is at revision " + std::to_string(seen.status->revision) +
             ", below the restored " + std::to_string(expected_.revision);
    }
    return compare_members(member, expected_, *seen.members);
  }

  static std::string alarms(const Observation& seen) {
    std::string text;
    if (seen.status) {
      for (const std::string& error : seen.status->errors)
        text += (text.empty() ? "" : "; ") + error;
    }
    return text.empty() ? "" : " (" + text + ")";
  }

  Result<bool> compare() {
    const SameData data = compare_data(target_, seen_, watch_.cancelled);
    if (data.verdict == SameData::Verdict::kSame) {
      same_ = data.words;
      return true;
    }
    if (data.verdict == SameData::Verdict::kNotAllowed)
      return fail(not_allowed(target_, data.words, data.hint));
    why_ = data.words;
    differed_ = data.verdict == SameData::Verdict::kDiffers ? differed_ + 1 : 0;
    if (differed_ < kBelieved) return false;
    return fail({.code = "etcd.hash_differs",
                 .message = "the members do not hold the same data: " + data.words,
                 .hint = "do not let clients write to this cluster",
                 .category = Category::kCorrupt,
                 .outcome = Outcome::kHappened});
  }

  const Target& target_;
  const Expected& expected_;
  const Watch& watch_;
  std::vector<Observation> seen_;
  std::string why_;
  std::string same_;
  int differed_ = 0;
};

}  // namespace

Result<std::vector<std::string>> verify_health(const Target& target, const Expected& expected,
                                               std::chrono::milliseconds patience,
                                               const Watch& watch) {
  const auto deadline = Clock::now() + patience;
  HealthCheck check(target, expected, watch);
  for (;;) {
    const auto fine = check.ask();
    if (!fine) return fail(fine.error());
    if (*fine) return check.words();
    if (Clock::now() >= deadline) break;
    if (auto go = pause_between_questions(watch); !go) return fail(go.error());
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience).count();
  return fail({.code = "etcd.not_healthy",
               .message = "after " + std::to_string(seconds) +
                          " s the cluster is not what was restored: " + check.why(),
               .hint = "look at the members' logs",
               .category = Category::kTransient,
               .outcome = Outcome::kHappened});
}

}  // namespace etcd
