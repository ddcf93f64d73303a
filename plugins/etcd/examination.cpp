#include "examination.hpp"

#include <algorithm>

#include "inspection.hpp"
#include "versions.hpp"

namespace etcd {
namespace {

using snapcore::Value;
using snapcore::sdk::Fields;
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

std::string listed_members(const Examined& snapshot) {
  std::string text;
  for (const Member& member : by_name(snapshot)) {
    text += (text.empty() ? "" : ", ") + (member.name.empty() ? id_text(member.id) : member.name);
    if (member.is_learner) text += " (learner)";
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

// What the servers compare with their own version when they start.
std::string written_version(const Examined& snapshot) {
  return snapshot.storage_version.empty() ? snapshot.cluster_version : snapshot.storage_version;
}

std::vector<std::string> evidence_of(const Examined& snapshot) {
  std::vector<std::string> lines;
  for (const Member& member : by_name(snapshot)) {
    std::string urls;
    for (const std::string& url : member.peer_urls) urls += (urls.empty() ? "" : ", ") + url;
    lines.push_back("the snapshot names member " +
                    (member.name.empty() ? id_text(member.id) : member.name) + " at " + urls);
  }
  if (snapshot.voters && snapshot.voters->size() != snapshot.members.size()) {
    lines.push_back("the snapshot counts " + std::to_string(snapshot.voters->size()) +
                    " voters and names " + std::to_string(snapshot.members.size()) + " members");
  }
  return lines;
}

}  // namespace

void fields(Fields& f, Concern& concern) {
  f("guard", concern.guard);
  f("message", concern.message);
}

void fields(Fields& f, Examination& examination) {
  f("kind", examination.kind, "what the artifact is");
  f("identity", examination.identity, "the peer URLs of the cluster it was taken from").optional();
  f("version", examination.version, "the version of etcd that wrote it");
  f("contents", examination.contents, "what it holds, for people");
  f("evidence", examination.evidence, "how this is known, in sentences");
  f("concerns", examination.concerns, "guards that must refuse it or be waived");
}

Examination describe(const Examined& snapshot, const std::string& running) {
  Examination found{.kind = std::string(kSnapshotKind)};
  std::vector<std::string> urls;
  for (const Member& member : snapshot.members)
    urls.insert(urls.end(), member.peer_urls.begin(), member.peer_urls.end());
  if (!urls.empty()) found.identity = identity_of(std::move(urls));
  const std::string version = written_version(snapshot);
  if (!version.empty()) found.version = version;

  found.contents["revision"] = std::to_string(snapshot.current_revision);
  found.contents["compacted to"] = std::to_string(snapshot.compact_revision);
  found.contents["entries"] = std::to_string(snapshot.total_entries);
  found.contents["revisions of keys"] = std::to_string(entries_of(snapshot, "key"));
  found.contents["database size"] = std::to_string(snapshot.database_size) + " bytes";
  found.contents["members"] = listed_members(snapshot);
  found.contents["leases"] = std::to_string(snapshot.leases);
  found.contents["authentication"] = snapshot.auth_enabled ? "enabled" : "disabled";
  if (!version.empty()) found.contents["etcd version"] = version;
  if (!snapshot.alarms.empty())
    found.contents["alarms"] = listed_alarms(snapshot) + "; a restore drops them";
  found.evidence = evidence_of(snapshot);

  if (!snapshot.has_trailer) {
    found.concerns.push_back(
        {Guard::kHash,
         "there is no SHA-256 behind its pages: a plain copy of a database, which may be torn in "
         "ways that no structural check sees"});
  }
  if (const std::string problem = problem_between(version, running); !problem.empty())
    found.concerns.push_back({Guard::kVersion, problem});
  return found;
}

}  // namespace etcd
