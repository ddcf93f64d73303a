#include "format/membership.hpp"

#include <algorithm>
#include <format/go_json.hpp>
#include <set>
#include <snapcore/support/digest.hpp>
#include <snapcore/value.hpp>

namespace etcd {
namespace {

using snapcore::Category;
using snapcore::fail;
using snapcore::Value;

constexpr std::size_t kMaxMembers = 9;

std::uint64_t first_8_bytes_of_sha1(std::string_view text) {
  return load_be<std::uint64_t>(snapcore::sha1(bytes_of(text)).data());
}

snapcore::Error bad_cluster(std::string message) {
  return {.code = "etcd.bad_initial_cluster",
          .message = std::move(message),
          .category = Category::kPrecondition};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_host(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']') && host.size() > 2) {
    return std::all_of(host.begin() + 1, host.end() - 1, [](char c) {
      return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
             c == '.';
    });
  }
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return is_alphanumeric(c) || c == '.' || c == '-' || c == '_';
  });
}

bool is_port(std::string_view port) {
  if (port.empty() || port.size() > 5 || !std::all_of(port.begin(), port.end(), is_digit)) {
    return false;
  }
  int number = 0;
  for (const char digit : port) number = number * 10 + (digit - '0');
  return number >= 1 && number <= 65535;
}

Result<> check_name(const InitialMember& member, std::set<std::string>& names) {
  if (member.name.empty()) return fail(bad_cluster("a member has no name"));
  if (member.name.find_first_of(",=\" \t\r\n") != std::string::npos) {
    return fail(bad_cluster("member name '" + member.name +
                            "' holds a character that etcd cannot take in a name"));
  }
  if (!names.insert(member.name).second) {
    return fail(bad_cluster("the name '" + member.name + "' stands for two members"));
  }
  return {};
}

Result<> check_urls(const InitialMember& member, std::set<std::string>& urls) {
  if (member.peer_urls.empty()) {
    return fail(bad_cluster("member '" + member.name + "' has no peer URL"));
  }
  for (const std::string& url : member.peer_urls) {
    if (const auto problem = problem_with_url(url); !problem.empty()) {
      return fail(bad_cluster("peer URL '" + url + "' of member '" + member.name +
                              "': " + std::string(problem)));
    }
    if (!urls.insert(url).second) {
      return fail(bad_cluster("the peer URL '" + url + "' stands twice"));
    }
  }
  return {};
}

void append_list(std::string& out, std::span<const std::string> texts) {
  out += '[';
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) out += ',';
    append_go_json(out, texts[i]);
  }
  out += ']';
}

// An absent or null list is empty, as Go reads and writes it.
bool read_list(const Value& list, std::vector<std::string>& into) {
  if (!list.is_null() && !list.is_array()) return false;
  for (const Value& item : list.items()) {
    if (!item.is_string()) return false;
    into.push_back(item.text());
  }
  return true;
}

}  // namespace

std::string id_text(std::uint64_t id) {
  std::string text;
  do {
    text.insert(text.begin(), "0123456789abcdef"[id & 15]);
    id >>= 4;
  } while (id != 0);
  return text;
}

std::uint64_t member_id(std::vector<std::string> peer_urls, std::string_view token) {
  std::sort(peer_urls.begin(), peer_urls.end());
  std::string text;
  for (const std::string& url : peer_urls) text += url;
  text += token;
  return first_8_bytes_of_sha1(text);
}

std::uint64_t cluster_id(std::vector<std::uint64_t> member_ids) {
  std::sort(member_ids.begin(), member_ids.end());
  std::string text;
  for (const std::uint64_t id : member_ids) append_be(text, id);
  return first_8_bytes_of_sha1(text);
}

std::string_view problem_with_url(std::string_view url) {
  std::string_view rest = url;
  if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else if (rest.starts_with("https://")) {
    rest.remove_prefix(8);
  } else {
    return "must begin with http:// or https://";
  }
  if (rest.find_first_of("/?#@") != std::string_view::npos) {
    return "must end with the port: no user, path or query";
  }
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string_view::npos || rest.ends_with(']')) return "names no port";
  if (!is_port(rest.substr(colon + 1))) return "has no valid port";
  if (!is_host(rest.substr(0, colon))) return "has no valid host";
  return {};
}

Result<Cluster> make_cluster(std::string_view token, std::span<const InitialMember> members) {
  if (members.empty()) return fail(bad_cluster("the cluster has no members"));
  if (members.size() > kMaxMembers) {
    return fail(bad_cluster("the cluster has " + std::to_string(members.size()) +
                            " members; at most " + std::to_string(kMaxMembers) + " are supported"));
  }
  Cluster cluster{.id = 0, .token = std::string(token), .members = {}};
  std::set<std::string> names;
  std::set<std::string> urls;
  std::vector<std::uint64_t> ids;
  for (const InitialMember& initial : members) {
    if (auto named = check_name(initial, names); !named) return fail(named.error());
    if (auto reached = check_urls(initial, urls); !reached) return fail(reached.error());
    Member member{.id = member_id(initial.peer_urls, token),
                  .name = initial.name,
                  .peer_urls = initial.peer_urls,
                  .client_urls = {},
                  .is_learner = false};
    std::sort(member.peer_urls.begin(), member.peer_urls.end());
    if (member.id == 0 || std::find(ids.begin(), ids.end(), member.id) != ids.end()) {
      return fail(bad_cluster("member '" + member.name + "' gets the id " + id_text(member.id) +
                              ", which is taken; choose another token"));
    }
    ids.push_back(member.id);
    cluster.members.push_back(std::move(member));
  }
  std::sort(cluster.members.begin(), cluster.members.end(),
            [](const Member& a, const Member& b) { return a.id < b.id; });
  cluster.id = cluster_id(ids);
  return cluster;
}

const Member* find_member(const Cluster& cluster, std::string_view name) {
  for (const Member& member : cluster.members) {
    if (member.name == name) return &member;
  }
  return nullptr;
}

std::string member_json(const Member& member) {
  std::string json = "{\"id\":" + std::to_string(member.id) + ",\"peerURLs\":";
  append_list(json, member.peer_urls);
  if (member.is_learner) json += ",\"isLearner\":true";
  if (!member.name.empty()) {
    json += ",\"name\":";
    append_go_json(json, member.name);
  }
  if (!member.client_urls.empty()) {
    json += ",\"clientURLs\":";
    append_list(json, member.client_urls);
  }
  json += '}';
  return json;
}

Result<Member> parse_member(std::string_view json) {
  const auto malformed = [](std::string what) {
    return fail({.code = "etcd.malformed_message",
                 .message = "member: " + std::move(what),
                 .category = Category::kCorrupt});
  };
  const auto value = Value::parse(json);
  if (!value) return malformed(value.error().message);
  Member member;
  const Value& id = value->at("id");
  if (!id.is_integer() || id.uint_or(0) == 0) return malformed("no id");
  member.id = id.uint_or(0);
  if (!read_list(value->at("peerURLs"), member.peer_urls) || member.peer_urls.empty()) {
    return malformed("no list of peer URLs");
  }
  if (!read_list(value->at("clientURLs"), member.client_urls)) {
    return malformed("client URLs are not a list of texts");
  }
  const Value& name = value->at("name");
  const Value& learner = value->at("isLearner");
  if (!name.is_null() && !name.is_string()) return malformed("the name is not a text");
  if (!learner.is_null() && !learner.is_bool()) return malformed("isLearner is not a boolean");
  member.name = name.text();
  member.is_learner = learner.bool_or(false);
  return member;
}

std::string conf_state_json(const Cluster& cluster) {
  std::string json = "{\"voters\":[";
  for (std::size_t i = 0; i < cluster.members.size(); ++i) {
    if (i > 0) json += ',';
    json += std::to_string(cluster.members[i].id);
  }
  json += "],\"auto_leave\":false}";
  return json;
}

}  // namespace etcd
