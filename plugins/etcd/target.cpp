#include "target.hpp"

#include <algorithm>
#include <format/membership.hpp>
#include <map>
#include <snapcore/support/files.hpp>

#include "mounts.hpp"
#include "versions.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
using snapcore::Category;
using snapcore::Error;
using snapcore::fail;

constexpr std::size_t kMostMembers = 9;
constexpr char kCorrectTheSite[] = "correct the instance in the site";

tl::unexpected<Error> refuse(std::string code, std::string message, std::string hint = {}) {
  return fail({.code = std::move(code),
               .message = std::move(message),
               .hint = hint.empty() ? kCorrectTheSite : std::move(hint),
               .category = Category::kPrecondition});
}

Result<std::vector<Url>> parse_urls(const std::string& member, const UrlList& list) {
  std::vector<Url> urls;
  for (const std::string& text : list.urls) {
    auto url = parse_url(text);
    if (!url) {
      Error error = url.error();
      error.message = "member " + member + ": " + error.message;
      return fail(std::move(error));
    }
    urls.push_back(std::move(*url));
  }
  return urls;
}

// Absolute, without "..", "." and a slash at the end.
Result<fs::path> parse_directory(const std::string& member, const char* what,
                                 const std::string& text) {
  const fs::path path(text);
  fs::path plain = path.lexically_normal();
  if (!plain.has_filename()) plain = plain.parent_path();
  const auto refused = [&](const char* why) {
    return refuse("etcd.bad_directory",
                  "member " + member + ": " + what + " '" + text + "' " + why);
  };
  if (!path.is_absolute()) return refused("is not an absolute path");
  if (std::find(path.begin(), path.end(), "..") != path.end())
    return refused("has '..' in it; write the path without it");
  if (plain == plain.root_path()) return refused("is the root of all directories");
  return plain;
}

Result<> check_command(const std::string& member, const char* what,
                       const std::vector<std::string>& argv) {
  if (argv.empty() || argv.front().empty()) {
    return refuse("etcd.bad_command", "member " + member + ": " + what + " names no program");
  }
  const std::string& program = argv.front();
  if (program.find('/') != std::string::npos && program.front() != '/') {
    return refuse("etcd.bad_command", "member " + member + ": " + what + " '" + program +
                                          "' is neither an absolute path nor a plain name");
  }
  return {};
}

Result<TargetMember> make_member(const MemberConfig& config) {
  TargetMember member{.name = config.name,
                      .peers = {},
                      .clients = {},
                      .data_dir = {},
                      .wal_dir = {},
                      .start = config.start,
                      .stop = config.stop,
                      .owner = config.owner};
  auto peers = parse_urls(config.name, config.peer);
  if (!peers) return fail(peers.error());
  member.peers = std::move(*peers);
  auto clients = parse_urls(config.name, config.client);
  if (!clients) return fail(clients.error());
  member.clients = std::move(*clients);
  auto data = parse_directory(config.name, "data_dir", config.data_dir);
  if (!data) return fail(data.error());
  member.data_dir = std::move(*data);
  if (config.wal_dir) {
    auto wal = parse_directory(config.name, "wal_dir", *config.wal_dir);
    if (!wal) return fail(wal.error());
    if (*wal != member.data_dir / "member" / "wal") member.wal_dir = std::move(*wal);
  }
  if (auto ok = check_command(config.name, "start", config.start); !ok) return fail(ok.error());
  if (auto ok = check_command(config.name, "stop", config.stop); !ok) return fail(ok.error());
  return member;
}

// Notes who uses a thing; a second user is an error.
class Uses {
 public:
  explicit Uses(std::string what) : what_(std::move(what)) {}

  Result<> take(const std::string& thing, const std::string& member) {
    const auto [at, fresh] = users_.emplace(thing, member);
    if (fresh) return {};
    const std::string who = at->second == member ? "twice for member " + member
                                                 : "for members " + at->second + " and " + member;
    return refuse("etcd.inconsistent_members", what_ + " " + thing + " stands " + who);
  }

 private:
  std::string what_;
  std::map<std::string, std::string> users_;
};

// A directory that the site names, and where it is when links are followed as far as it exists.
struct NamedDirectory {
  fs::path name;
  fs::path real;
  Spot spot;
  const TargetMember* member;
  bool is_wal;

  NamedDirectory(const fs::path& path, const TargetMember& of, bool wal)
      : name(path), member(&of), is_wal(wal) {
    std::error_code problem;
    real = fs::weakly_canonical(path, problem);
    if (problem) real = path;  // whoever works with it will say why
    spot = spot_of(real);
  }

  bool is_same_as(const NamedDirectory& other) const {
    std::error_code ignored;  // nothing there
    return real == other.real || spot == other.spot || fs::equivalent(real, other.real, ignored);
  }
  bool lies_in(const NamedDirectory& other) const {
    return etcd::lies_in(real, other.real) || spot.lies_in(other.spot);
  }
  const char* setting() const { return is_wal ? "wal_dir" : "data_dir"; }
  std::string words() const {
    return name.string() + (real == name ? "" : " (which is " + real.string() + ")");
  }
};

Result<> check_directories(const std::vector<TargetMember>& members) {
  std::vector<NamedDirectory> places;
  for (const TargetMember& member : members) {
    places.emplace_back(member.data_dir, member, false);
    if (member.wal_dir) places.emplace_back(*member.wal_dir, member, true);
  }
  for (const NamedDirectory& a : places) {
    for (const NamedDirectory& b : places) {
      if (&a == &b) continue;
      const bool same = a.is_same_as(b);
      if (!same && !a.lies_in(b)) continue;
      // A member's WAL may lie in its own data directory.
      if (a.member == b.member && a.is_wal && !same) continue;
      const std::string other = a.name == b.name ? "" : " " + b.words();
      return refuse("etcd.inconsistent_members",
                    "the " + std::string(a.setting()) + " " + a.words() + " of member " +
                        a.member->name + (same ? " is also the " : " lies in the ") + b.setting() +
                        other + " of member " + b.member->name);
    }
  }
  return {};
}

Result<> check_members(const std::vector<TargetMember>& members) {
  if (members.empty() || members.size() > kMostMembers) {
    return refuse("etcd.inconsistent_members", "the cluster has " + std::to_string(members.size()) +
                                                   " members; 1 to 9 can be restored");
  }
  Uses names("the name");
  Uses urls("the URL");
  for (const TargetMember& member : members) {
    if (auto ok = names.take(member.name, member.name); !ok) return ok;
    for (const Url& url : member.peers) {
      if (auto ok = urls.take(url.text, member.name); !ok) return ok;
      // etcd carries peer traffic either with TLS everywhere or nowhere.
      if (url.scheme != members.front().peers.front().scheme) {
        return refuse("etcd.inconsistent_members",
                      "peer URL " + url.text + " of member " + member.name +
                          " has another scheme than those of member " + members.front().name);
      }
    }
    for (const Url& url : member.clients) {
      if (auto ok = urls.take(url.text, member.name); !ok) return ok;
    }
  }
  // What etcd itself demands of an initial cluster.
  std::vector<InitialMember> initial;
  for (const TargetMember& member : members)
    initial.push_back({.name = member.name, .peer_urls = member.peer_urls()});
  if (const auto cluster = make_cluster("any", initial); !cluster) {
    Error error = cluster.error();
    if (error.hint.empty()) error.hint = kCorrectTheSite;
    return fail(std::move(error));
  }
  return check_directories(members);
}

Result<> check_pem(const std::string& path, const char* what) {
  if (path.empty()) return {};
  std::error_code problem;
  const fs::path real = fs::canonical(path, problem);
  const auto text = snapcore::files::read_file(problem ? fs::path(path) : real);
  if (!text) {
    Error error{.code = "etcd.unreadable_file",
                .message = std::string(what) + " cannot be used: " + text.error().message,
                .hint = "correct the path in the site, or let this user read the file"};
    return fail(caused_by(std::move(error), text.error()));
  }
  if (text->find("-----BEGIN ") == std::string::npos) {
    return refuse("etcd.unreadable_file",
                  std::string(what) + " cannot be used: " + path + " holds no PEM text");
  }
  return {};
}

}  // namespace

std::vector<std::string> TargetMember::peer_urls() const {
  std::vector<std::string> texts;
  for (const Url& url : peers) texts.push_back(url.text);
  std::sort(texts.begin(), texts.end());
  return texts;
}

std::vector<std::string> Target::peer_urls() const {
  std::vector<std::string> texts;
  for (const TargetMember& member : members) {
    for (const Url& url : member.peers) texts.push_back(url.text);
  }
  std::sort(texts.begin(), texts.end());
  return texts;
}

const TargetMember* Target::find(std::string_view name) const {
  const auto found = std::find_if(members.begin(), members.end(),
                                  [&](const TargetMember& member) { return member.name == name; });
  return found == members.end() ? nullptr : &*found;
}

Result<> check_certificates(const snapcore::http::Options& tls) {
  if (auto ok = check_pem(tls.ca_file, "ca"); !ok) return ok;
  if (auto ok = check_pem(tls.certificate_file, "cert"); !ok) return ok;
  return check_pem(tls.key_file, "key");
}

Result<Target> make_target(const Config& config) {
  Target target{.members = {},
                .tls = {},
                .login = {},
                .token = config.token,
                .server_version = config.server_version,
                .start_timeout = config.start_timeout.length,
                .stop_timeout = config.stop_timeout.length,
                .health_timeout = config.health_timeout.length};
  for (const MemberConfig& member : config.members) {
    auto made = make_member(member);
    if (!made) return fail(made.error());
    target.members.push_back(std::move(*made));
  }
  if (auto ok = check_members(target.members); !ok) return fail(ok.error());
  if (config.cert.has_value() != config.key.has_value()) {
    return refuse(
        "etcd.half_key_pair",
        std::string("the site names ") + (config.cert ? "cert without key" : "key without cert"));
  }
  if (config.user.has_value() != config.password.has_value()) {
    return refuse("etcd.half_user",
                  std::string("the site names ") +
                      (config.user ? "user without password" : "password without user"),
                  "both belong together: user = \"root\", password = secret.file \"/PATH\"");
  }
  if (config.user) {
    if (config.user->empty()) return refuse("etcd.half_user", "user is empty");
    target.login = std::make_shared<Login>(*config.user);
  }
  if (config.server_version && !parse_version(*config.server_version)) {
    return refuse("etcd.bad_server_version",
                  "server_version '" + *config.server_version + "' is no version such as 3.5.17");
  }
  if (config.token && config.token->empty())
    return refuse("etcd.bad_token", "the cluster token is empty");
  target.tls.ca_file = config.ca.value_or("");
  target.tls.certificate_file = config.cert.value_or("");
  target.tls.key_file = config.key.value_or("");
  target.tls.connect_timeout = std::chrono::seconds(2);
  if (auto ok = check_certificates(target.tls); !ok) return fail(ok.error());
  return target;
}

}  // namespace etcd
