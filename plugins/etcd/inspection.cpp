#include "inspection.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <format/bytes.hpp>
#include <format/key_space.hpp>
#include <set>
#include <snapcore/support/files.hpp>

#include "place.hpp"
#include "services.hpp"
#include "versions.hpp"

namespace etcd {
namespace {

namespace files = snapcore::files;
namespace roles = snapcore::sdk::target;
using snapcore::fail;
using snapcore::Value;

std::string host_name() {
  char name[256] = "";
  if (::gethostname(name, sizeof name - 1) != 0) return "localhost";
  return name;
}

// Who has never published a name has never started.
std::vector<std::string> peer_urls_of(const MemberList& list, bool started_alone = false) {
  std::vector<std::string> urls;
  for (const ListedMember& member : list.members) {
    if (started_alone && member.name.empty()) continue;
    urls.insert(urls.end(), member.peer_urls.begin(), member.peer_urls.end());
  }
  std::sort(urls.begin(), urls.end());
  return urls;
}

std::string listed(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return all;
}

std::string state_of_directory(const TargetMember& member) {
  const auto place = locate(member);
  if (!place) return place.error().message;
  const std::string where = place->data_dir.string();
  const auto data = files::look_at(place->data_dir);
  if (!data) return data.error().message;
  if (!*data) return where + " is not there";
  const auto database = files::look_at(place->database());
  if (!database) return database.error().message;
  if (!*database) return where + " holds no database";
  return where + " holds a database of " + std::to_string((*database)->st_size) + " bytes";
}

// Of a member that does not answer; 0 where nothing tells.
std::int64_t revision_on_disk(const TargetMember& member) {
  const auto place = locate(member);
  if (!place) return 0;
  const auto fd = files::open_for_reading(place->database());
  if (!fd) return 0;
  struct stat found = {};
  if (::fstat(fd->get(), &found) != 0) return 0;
  const FileBytes file(fd->get(), static_cast<std::uint64_t>(found.st_size));
  const auto space = KeySpace::open(file, member.name);
  return space ? space->revision() : 0;
}

std::string words_of(const TargetMember& member, const Observation& seen) {
  if (!seen.answers()) {
    return member.name + " does not answer" + (seen.problem ? ": " + seen.problem->message : "");
  }
  std::string text = member.name + (seen.healthy() ? " is healthy" : " is not healthy");
  if (seen.health && !seen.health->reason.empty()) text += " (" + seen.health->reason + ")";
  if (!seen.version.empty()) text += ", etcd " + seen.version;
  if (seen.status) {
    text += ", cluster " + id_text(seen.status->cluster_id) + ", revision " +
            std::to_string(seen.status->revision);
    for (const std::string& error : seen.status->errors) text += ", " + error;
  }
  if (seen.problem) text += "; " + seen.problem->message;
  return text;
}

// Alarms make a member unhealthy and still let it be read.
bool is_readable(const Observation& seen) {
  if (seen.healthy()) return true;
  if (!seen.status || seen.status->leader == 0) return false;
  return std::any_of(
      seen.status->errors.begin(), seen.status->errors.end(),
      [](const std::string& error) { return error.find("NOSPACE") != std::string::npos; });
}

// With a leader it takes writes, whatever else is wrong; data that is known to be corrupt serves
// nobody.
bool serves(const Observation& seen) {
  if (seen.healthy()) return true;
  if (!seen.status || seen.status->leader == 0) return false;
  return std::none_of(
      seen.status->errors.begin(), seen.status->errors.end(),
      [](const std::string& error) { return error.find("CORRUPT") != std::string::npos; });
}

class Inspector {
 public:
  Inspector(const Target& target, std::vector<Observation> seen)
      : target_(target), seen_(std::move(seen)) {}

  roles::Inspection verdict() {
    roles::Inspection found;
    found.keeps = roles::Keeps::kAside;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      const TargetMember& member = target_.members[i];
      found.evidence.push_back(words_of(member, seen_[i]) + "; " + state_of_directory(member));
    }
    found.identity = identity(found.evidence);
    const std::string version = target_.server_version.value_or(lowest_version(seen_));
    if (!version.empty()) found.version = version;
    found.readable = std::any_of(seen_.begin(), seen_.end(), is_readable);
    found.healthy = all_is_well(found.evidence);
    return found;
  }

  std::string still_serves() const {
    std::vector<std::string> serving;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      if (serves(seen_[i])) serving.push_back(target_.members[i].name);
    }
    std::vector<std::string> unsaid;
    if (serving.empty() || all_is_well(unsaid)) return "";
    return listed(serving) + (serving.size() == 1 ? " still serves" : " still serve") +
           ", although not all is well; what was written after the backup is lost by this restore";
  }

 private:
  Value identity(std::vector<std::string>& evidence) const {
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      if (!seen_[i].members || !is_readable(seen_[i])) continue;
      const MemberList& list = *seen_[i].members;
      auto urls = peer_urls_of(list, true);
      if (urls.empty()) continue;
      evidence.push_back("the peer URLs are those that " + target_.members[i].name + " lists");
      for (const ListedMember& member : list.members) {
        if (!member.name.empty()) continue;
        evidence.push_back("member " + id_text(member.id) + " at " + listed(member.peer_urls) +
                           (member.is_learner ? ", a learner," : "") +
                           " has never started, and does not count for who this is");
      }
      return identity_of(std::move(urls));
    }
    evidence.emplace_back("the peer URLs are those of the site, since no member lists them");
    return identity_of(target_.peer_urls());
  }

  bool all_is_well(std::vector<std::string>& evidence) const {
    return std::all_of(seen_.begin(), seen_.end(),
                       [](const Observation& seen) { return seen.healthy(); }) &&
           one_cluster(evidence) && members_match(evidence);
  }

  bool one_cluster(std::vector<std::string>& evidence) const {
    std::set<std::uint64_t> ids;
    for (const Observation& seen : seen_) {
      if (seen.status) ids.insert(seen.status->cluster_id);
    }
    if (ids.size() > 1) evidence.emplace_back("the members belong to different clusters");
    const bool all_said = std::all_of(seen_.begin(), seen_.end(), [](const Observation& seen) {
      return seen.status.has_value();
    });
    return all_said && ids.size() == 1;
  }

  bool members_match(std::vector<std::string>& evidence) const {
    bool match = true;
    for (std::size_t i = 0; i < seen_.size(); ++i) {
      if (!seen_[i].members) {
        match = false;
        continue;
      }
      const auto urls = peer_urls_of(*seen_[i].members);
      if (urls == target_.peer_urls()) continue;
      match = false;
      evidence.push_back(target_.members[i].name + " lists the peer URLs " + listed(urls) +
                         ", and the site " + listed(target_.peer_urls()));
    }
    return match;
  }

  const Target& target_;
  std::vector<Observation> seen_;
};

}  // namespace

Value identity_of(std::vector<std::string> peer_urls) {
  // A set: some versions leave the members of an earlier life in a snapshot, at the same URLs.
  std::sort(peer_urls.begin(), peer_urls.end());
  peer_urls.erase(std::unique(peer_urls.begin(), peer_urls.end()), peer_urls.end());
  Value list = Value::array();
  for (std::string& url : peer_urls) list.push_back(std::move(url));
  return Value::object({{"peer_urls", std::move(list)}});
}

std::string version_to_come(const Target& target, Sight& sight) {
  return target.server_version ? *target.server_version : lowest_version(sight.members());
}

std::string lowest_version(const std::vector<Observation>& seen) {
  std::string lowest;
  for (const Observation& member : seen) {
    const auto version = parse_version(member.version);
    if (version && (lowest.empty() || *version < *parse_version(lowest))) lowest = member.version;
  }
  return lowest;
}

Result<std::vector<std::string>> resource_keys(const Target& target) {
  const std::string host = host_name();
  std::vector<std::string> keys;
  for (const TargetMember& member : target.members) {
    const auto place = locate(member);
    if (!place) return fail(place.error());
    keys.push_back("etcd-dir:" + host + ":" + place->data_dir.string());
    if (place->wal_dir) keys.push_back("etcd-dir:" + host + ":" + place->wal_dir->string());
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

Result<roles::Inspection> inspect(const Target& target, const std::function<bool()>& cancelled) {
  auto keys = resource_keys(target);
  if (!keys) return fail(keys.error());
  roles::Inspection found =
      Inspector(target, observe(target, Depth::kEverything, cancelled)).verdict();
  found.resources = std::move(*keys);
  return found;
}

std::string still_serves(const Target& target, Sight& sight) {
  return Inspector(target, sight.members()).still_serves();
}

std::int64_t newest_revision(const Target& target, Sight& sight) {
  const std::vector<Observation>& seen = sight.members();
  std::int64_t newest = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    newest = std::max(
        newest, seen[i].status ? seen[i].status->revision : revision_on_disk(target.members[i]));
  }
  return newest;
}

void fields(snapcore::sdk::Fields& f, MemberFacts& facts) {
  f("name", facts.name);
  f("answers", facts.answers);
  f("healthy", facts.healthy);
  f("words", facts.words);
  f("version", facts.version);
  f("cluster_id", facts.cluster_id);
  f("member_id", facts.member_id);
  f("leader", facts.leader, "it leads the cluster");
  f("revision", facts.revision);
  f("db_size", facts.db_size, "bytes of its database");
}

void fields(snapcore::sdk::Fields& f, StatusFacts& facts) {
  f("members", facts.members);
  f("words", facts.words);
}

StatusFacts status_of(const Target& target, const std::function<bool()>& cancelled) {
  const auto seen = observe(target, Depth::kEverything, cancelled);
  StatusFacts all;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    const Observation& is = seen[i];
    MemberFacts facts{.name = target.members[i].name,
                      .answers = is.answers(),
                      .healthy = is.healthy(),
                      .words = words_of(target.members[i], is)};
    if (!is.version.empty()) facts.version = is.version;
    if (is.status) {
      facts.cluster_id = id_text(is.status->cluster_id);
      facts.member_id = id_text(is.status->member_id);
      facts.leader = is.status->leader == is.status->member_id;
      facts.revision = is.status->revision;
      facts.db_size = is.status->db_size;
    }
    all.words.push_back(facts.words);
    all.members.push_back(std::move(facts));
  }
  return all;
}

}  // namespace etcd
