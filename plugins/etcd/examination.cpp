#include "examination.hpp"

#include <algorithm>

#include "inspection.hpp"
#include "raising.hpp"
#include "services.hpp"
#include "versions.hpp"

namespace etcd {
namespace {

using snapcore::sdk::Guard;

std::uint64_t entries_of(const Examined& snapshot, std::string_view bucket) {
  for (const BucketCount& count : snapshot.buckets) {
    if (count.name == bucket) return count.entries;
  }
  return 0;
}

std::vector<Member> by_name(const Examined& snapshot) {
  std::vector<Member> members = snapshot.members;
  std::sort(members.begin(), members.end(),
            [](const Member& a, const Member& b) { return a.name < b.name; });
  return members;
}

std::string name_of(const Member& member) {
  return member.name.empty() ? id_text(member.id) : member.name;
}

std::string names_of(const std::vector<Member>& members) {
  std::string text;
  for (const Member& member : members) text += (text.empty() ? "" : ", ") + name_of(member);
  return text;
}

// Who has never published a name has never started.
bool never_started(const Member& member) { return member.name.empty(); }

// Whose data this is: a member that never started, or is none any more, has no part in that. When
// that leaves nobody, all count.
std::vector<std::string> urls_of_members(const Examined& snapshot) {
  const std::vector<Member> zombies = zombies_of(snapshot);
  const auto is_zombie = [&](const Member& member) {
    return std::any_of(zombies.begin(), zombies.end(),
                       [&](const Member& zombie) { return zombie.id == member.id; });
  };
  std::vector<std::string> all, urls;
  for (const Member& member : snapshot.members) {
    all.insert(all.end(), member.peer_urls.begin(), member.peer_urls.end());
    if (never_started(member) || is_zombie(member)) continue;
    urls.insert(urls.end(), member.peer_urls.begin(), member.peer_urls.end());
  }
  return urls.empty() ? all : urls;
}

std::string listed_members(const Examined& snapshot) {
  std::string text;
  for (const Member& member : by_name(snapshot)) {
    text += (text.empty() ? "" : ", ") + name_of(member);
    if (never_started(member)) {
      text += member.is_learner ? " (learner, never started)" : " (never started)";
    } else if (member.is_learner) {
      text += " (learner)";
    }
  }
  return text.empty() ? "none recorded" : text;
}

std::string listed_alarms(const Examined& snapshot) {
  std::string text;
  for (const Alarm& alarm : snapshot.alarms) {
    text += (text.empty() ? "" : ", ") + std::string(to_text(alarm.kind)) + " of member " +
            id_text(alarm.member_id);
  }
  return text;
}

std::string listed_authentication(const Examined& snapshot) {
  return std::string(snapshot.auth_enabled ? "enabled" : "disabled") + ", " +
         counted(snapshot.users, "user") + ", " + counted(snapshot.roles, "role");
}

std::vector<std::string> evidence_of(const Examined& snapshot) {
  std::vector<std::string> lines;
  for (const Member& member : by_name(snapshot)) {
    std::string urls;
    for (const std::string& url : member.peer_urls) urls += (urls.empty() ? "" : ", ") + url;
    lines.push_back("the snapshot names member " + name_of(member) + " at " + urls +
                    (never_started(member) ? ", which had never started" : ""));
  }
  if (snapshot.voters && snapshot.voters->size() != snapshot.members.size()) {
    lines.push_back("the snapshot counts " + std::to_string(snapshot.voters->size()) +
                    " voters and names " + std::to_string(snapshot.members.size()) + " members");
  }
  if (const auto zombies = zombies_of(snapshot); !zombies.empty()) {
    lines.push_back("it still names what is no member any more (" + names_of(zombies) +
                    "), and etcd 3.6 would take it for one; a restore drops it");
  }
  if (const auto forgotten = forgotten_promotions_of(snapshot); !forgotten.empty()) {
    lines.push_back("it calls a voter a learner (" + names_of(forgotten) +
                    "), and etcd 3.6 refuses to start on that; a restore names voters alone");
  }
  if (snapshot.scheduled_compact &&
      (!snapshot.finished_compact || *snapshot.finished_compact < *snapshot.scheduled_compact)) {
    lines.push_back("it was taken during the compaction to revision " +
                    std::to_string(snapshot.scheduled_compact->main) +
                    "; the first server that starts from it goes on with it");
  }
  return lines;
}

std::string listed_contents_of_keys(const Examined& snapshot) {
  const std::string theirs =
      snapshot.has_raising_entry
          ? std::to_string(snapshot.live_keys + 1) +
                " as TOTAL KEYS of etcd 3.6, which takes the entry of a raised "
                "revision for a key"
          : "TOTAL KEYS of etcd 3.6";
  return std::to_string(snapshot.live_keys) + " now (" + theirs + "), " +
         std::to_string(snapshot.total_entries) +
         " entries in all (TOTAL KEYS of etcd 3.4 and 3.5)";
}

}  // namespace

// What the servers compare with their own version when they start.
std::string written_version(const Examined& snapshot) {
  return snapshot.storage_version.empty() ? snapshot.cluster_version : snapshot.storage_version;
}

// A member raises the alarm when it finds its data other than the others': what it sent may be
// wrong.
std::string corruption_in(const Examined& snapshot) {
  std::string who;
  int how_many = 0;
  for (const Alarm& alarm : snapshot.alarms) {
    if (alarm.kind != AlarmKind::kCorrupt) continue;
    who += (who.empty() ? "" : ", ") + id_text(alarm.member_id);
    ++how_many;
  }
  if (how_many == 0) return {};
  return (how_many == 1 ? "member " + who + " had found its"
                        : "members " + who + " had found their") +
         " data different from the others' when this was taken (alarm CORRUPT): it may be the "
         "wrong data";
}

std::string meta_page_in(const Examined& snapshot) {
  if (snapshot.both_metas_valid) return {};
  return "one of its two meta pages is not whole; etcd reads the other, and starts from it";
}

std::string authentication_in(const Examined& snapshot) {
  if (!snapshot.auth_enabled) return {};
  return "authentication is on in this snapshot, and the instance names no user: the restored "
         "members will not say whether they hold the same data, so the check of their health fails "
         "(--on-failure hold keeps what was restored)";
}

namespace {

// Why it is not to be given them, or why it would not be known how they fare.
std::vector<Concern> concerns_of_a_restore(const Examined& snapshot, const Recipient& recipient) {
  std::vector<Concern> concerns;
  std::string problem = recipient.has_user ? "" : authentication_in(snapshot);
  if (!problem.empty()) concerns.push_back({Guard::kHealthy, std::move(problem)});
  problem = problem_between(written_version(snapshot), recipient.version);
  if (!problem.empty()) concerns.push_back({Guard::kVersion, std::move(problem)});
  return concerns;
}

}  // namespace

Examination describe(const Examined& snapshot) {
  Examination found{.kind = std::string(kSnapshotKind)};
  if (auto urls = urls_of_members(snapshot); !urls.empty())
    found.identity = identity_of(std::move(urls));
  const std::string version = written_version(snapshot);
  if (!version.empty()) found.version = version;

  found.contents["revision"] = std::to_string(snapshot.current_revision);
  found.contents["compacted to"] = std::to_string(snapshot.compact_revision);
  found.contents["keys"] = listed_contents_of_keys(snapshot);
  found.contents["revisions of keys"] = std::to_string(entries_of(snapshot, "key"));
  found.contents["database size"] = std::to_string(snapshot.database_size) + " bytes";
  found.contents["hash"] = id_text(snapshot.status_hash) + " (HASH of etcd's snapshot status)";
  found.contents["members"] = listed_members(snapshot);
  found.contents["leases"] = std::to_string(snapshot.leases);
  found.contents["authentication"] = listed_authentication(snapshot);
  found.contents["data"] =
      snapshot.kubernetes
          ? "objects of Kubernetes: a restore raises the revision by " +
                std::to_string(kUsualBump) + " unless bump_revision says otherwise"
          : "none of Kubernetes: a restore leaves the revision unless bump_revision raises it";
  if (!version.empty()) {
    found.contents["etcd version"] = version;
    found.contents["read by"] = readers_of(version);
  }
  if (snapshot.sha_ok)
    found.contents["SHA-256 of its pages"] = snapshot.sha256 + ", as its end says";
  if (!snapshot.alarms.empty())
    found.contents["alarms"] = listed_alarms(snapshot) + "; a restore drops them";
  found.evidence = evidence_of(snapshot);
  if (std::string problem = meta_page_in(snapshot); !problem.empty())
    found.evidence.push_back(std::move(problem));

  if (!snapshot.has_trailer) {
    found.concerns.push_back(
        {Guard::kHash,
         "there is no SHA-256 behind its pages: a plain copy of a database, which may be torn in "
         "ways that no structural check sees"});
  }
  if (std::string problem = corruption_in(snapshot); !problem.empty())
    found.concerns.push_back({Guard::kHash, std::move(problem)});
  return found;
}

Examination describe_for(const Recipient& recipient, const Examined& snapshot) {
  Examination found = describe(snapshot);
  for (Concern& concern : concerns_of_a_restore(snapshot, recipient))
    found.concerns.push_back(std::move(concern));
  return found;
}

}  // namespace etcd
