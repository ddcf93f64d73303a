#include "format/snapshot_buckets.hpp"

#include <algorithm>
#include <charconv>
#include <format/kubernetes.hpp>
#include <map>
#include <snapcore/value.hpp>

namespace etcd {
namespace {

using snapcore::Value;

std::optional<std::uint64_t> parse_id(std::string_view text) {
  std::uint64_t id = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (id_text(id) != text) return std::nullopt;  // padding, capitals
  return id;
}

// MAJOR.MINOR.PATCH, perhaps with a suffix.
bool is_version(std::string_view text) {
  int part = 0;
  for (; part < 3; ++part) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) return false;
    text.remove_prefix(digits);
    if (part < 2) {
      if (!text.starts_with('.')) return false;
      text.remove_prefix(1);
    }
  }
  return text.empty() || text.starts_with('-') || text.starts_with('+');
}

bool take_ids(const Value& list, std::vector<std::uint64_t>& ids) {
  for (const Value& id : list.items()) {
    if (!id.is_integer()) return false;
    ids.push_back(id.uint_or(0));
  }
  return true;
}

std::string show(const Revision& revision) {
  return std::to_string(revision.main) + "/" + std::to_string(revision.sub);
}

// All names of every version are.
bool is_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// What a change must look like besides being a well-formed message.
std::string problem_with(const KeyValue& change, const RevisionKey& at) {
  if (at.tombstone) {
    const bool bare = change.create_revision == 0 && change.mod_revision == 0 &&
                      change.version == 0 && change.value.empty() && change.lease == 0;
    if (!bare || change.key.empty()) return "a deletion that carries more or less than a key";
    return {};
  }
  if (change.mod_revision != at.revision.main) {
    return "says it was changed at revision " + std::to_string(change.mod_revision);
  }
  if (change.key.empty()) return "has no key";
  if (change.create_revision < 1 || change.create_revision > change.mod_revision) {
    return "says it was created at revision " + std::to_string(change.create_revision);
  }
  if (change.version < 1) return "has version " + std::to_string(change.version);
  return {};
}

}  // namespace

void BucketReader::begin(std::string_view bucket) {
  static const std::map<std::string_view, Taker> takers = {
      {"key", &BucketReader::take_revision},
      {"meta", &BucketReader::take_meta},
      {"members", &BucketReader::take_member},
      {"members_removed", &BucketReader::take_removed_member},
      {"cluster", &BucketReader::take_cluster},
      {"lease", &BucketReader::take_lease},
      {"alarm", &BucketReader::take_alarm},
      {"auth", &BucketReader::take_auth},
      {"authUsers", &BucketReader::take_user},
      {"authRoles", &BucketReader::take_role},
  };
  const auto found = takers.find(bucket);
  taker_ = found == takers.end() ? &BucketReader::take_any : found->second;
}

std::string BucketReader::take(const bolt::LeafElement& entry) {
  if (entry.is_bucket) return "a bucket where etcd keeps a value";
  return (this->*taker_)(entry.key, entry.value);
}

std::string BucketReader::take_revision(Bytes key, Bytes value) {
  const auto at = decode_revision(key);
  if (!at) return "not a revision";
  if (at->revision <= last_) {
    return "revision " + show(at->revision) + " follows " + show(last_);
  }
  last_ = at->revision;
  examined_->revision = at->revision.main;
  ++examined_->revisions;
  // A revision bump of etcd's restore leaves an entry with nothing in it.
  if (value.empty() && !at->tombstone) {
    examined_->has_raising_entry = true;
    return {};
  }
  const auto change = decode_key_value(value);
  auto problem = change ? problem_with(*change, *at) : change.error().message;
  if (!problem.empty()) return "revision " + show(at->revision) + ": " + problem;
  count_key(change->key, !at->tombstone);
  if (!examined_->kubernetes)
    examined_->kubernetes = is_kubernetes_object(change->key, change->value);
  return {};
}

// The newest change of a key says whether it is there.
void BucketReader::count_key(std::string_view key, bool alive) {
  KeyTable::Slot& slot = *keys_.find_or_add(bytes_of(key)).slot;
  if (alive && slot.payload() == 0) ++examined_->live_keys;
  if (!alive && slot.payload() != 0) --examined_->live_keys;
  slot.set_payload(alive ? 1 : 0);
}

std::string BucketReader::take_meta(Bytes key, Bytes value) {
  const std::string_view name = text_of(key);
  if (name == "consistent_index" || name == "term") {
    if (value.size() != 8) return "is not 8 bytes long";
    (name == "term" ? examined_->term : examined_->consistent_index) =
        load_be<std::uint64_t>(value.data());
  } else if (name == "scheduledCompactRev" || name == "finishedCompactRev") {
    const auto at = value.size() == 17 ? decode_revision(value) : std::nullopt;
    if (!at) return "is not a revision";
    (name == "scheduledCompactRev" ? examined_->scheduled_compact : examined_->finished_compact) =
        at->revision;
  } else if (name == "storageVersion") {
    if (!is_version(text_of(value))) return "is not a version";
    examined_->storage_version = text_of(value);
  } else if (name == "confState") {
    const auto state = Value::parse(text_of(value));
    if (!state || !state->is_object()) return "is not a JSON object";
    examined_->voters.emplace();
    examined_->learners.clear();
    if (!take_ids(state->at("voters"), *examined_->voters)) return "names a voter that is no id";
    if (!take_ids(state->at("learners"), examined_->learners))
      return "names a learner that is no id";
  } else if (!is_word(name)) {
    return "is not a name";  // such as "term" with a byte of its value, when a length is wrong
  }
  return {};
}

std::string BucketReader::take_member(Bytes key, Bytes value) {
  const auto id = parse_id(text_of(key));
  if (!id) return "not a member id";
  auto member = parse_member(text_of(value));
  if (!member) return member.error().message;
  if (member->id != *id) return "holds the member " + id_text(member->id);
  examined_->members.push_back(std::move(*member));
  return {};
}

std::string BucketReader::take_removed_member(Bytes key, Bytes) {
  const auto id = parse_id(text_of(key));
  if (!id) return "not a member id";
  examined_->removed_members.push_back(*id);
  return {};
}

std::string BucketReader::take_cluster(Bytes key, Bytes value) {
  if (text_of(key) == "clusterVersion") {
    if (!is_version(text_of(value))) return "is not a version";
    examined_->cluster_version = text_of(value);
  } else if (text_of(key) == "downgrade") {
    const auto downgrade = Value::parse(text_of(value));
    if (!downgrade || !downgrade->is_object()) return "is not a JSON object";
  }
  return {};
}

std::string BucketReader::take_lease(Bytes key, Bytes value) {
  if (key.size() != 8) return "not a lease id";
  const auto lease = decode_lease(value);
  if (!lease) return lease.error().message;
  if (static_cast<std::uint64_t>(lease->id) != load_be<std::uint64_t>(key.data())) {
    return "holds the lease " + id_text(static_cast<std::uint64_t>(lease->id));
  }
  ++examined_->leases;
  return {};
}

std::string BucketReader::take_alarm(Bytes key, Bytes) {
  const auto alarm = decode_alarm(key);
  if (!alarm) return alarm.error().message;
  examined_->alarms.push_back(*alarm);
  return {};
}

std::string BucketReader::take_auth(Bytes key, Bytes value) {
  if (text_of(key) == "authEnabled") {
    if (value.size() != 1 || value[0] > std::byte{1}) return "is neither 0 nor 1";
    examined_->auth_enabled = value[0] == std::byte{1};
  } else if (text_of(key) == "authRevision" && value.size() != 8) {
    return "is not 8 bytes long";
  }
  return {};
}

std::string BucketReader::take_user(Bytes key, Bytes value) {
  const auto name = decode_auth_user(value);
  if (!name) return name.error().message;
  if (*name != text_of(key)) return "holds the entry of '" + std::string(*name) + "'";
  ++examined_->users;
  return {};
}

std::string BucketReader::take_role(Bytes key, Bytes value) {
  const auto name = decode_auth_role(value);
  if (!name) return name.error().message;
  if (*name != text_of(key)) return "holds the entry of '" + std::string(*name) + "'";
  ++examined_->roles;
  return {};
}

std::string BucketReader::take_any(Bytes, Bytes) { return {}; }

}  // namespace etcd
