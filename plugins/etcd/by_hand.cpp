#include "by_hand.hpp"

#include <algorithm>
#include <chrono>
#include <snapcore/support/process.hpp>

#include "raising.hpp"

namespace etcd {
namespace {

using snapcore::process::shell_line;
using snapcore::process::shell_quoted;
using Lines = std::vector<std::string>;

constexpr char kStaged[] = ".by-hand-";
constexpr char kBackup[] = ".backup-";

// A path whose name ends in the time, and perhaps goes on below.
std::string stamped(const std::filesystem::path& path, const char* suffix,
                    const std::string& below = {}) {
  return shell_quoted(path.string() + suffix) + "\"$stamp\"" +
         (below.empty() ? "" : shell_quoted("/" + below));
}

// Where the new data of a member stands until the swap: beside what it replaces.
std::string staged_data(const Place& place, const std::string& below = {}) {
  return stamped(place.live(), kStaged, below);
}
std::filesystem::path live_wal(const Place& place) {
  return place.wal_is_mount ? *place.wal_dir / "wal" : *place.wal_dir;
}
std::string staged_wal(const Place& place) { return stamped(live_wal(place), kStaged); }

std::string initial_cluster(const Target& target) {
  std::string text;
  for (const TargetMember& member : target.members) {
    for (const std::string& url : member.peer_urls())
      text += (text.empty() ? "" : ",") + member.name + "=" + url;
  }
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

void choose_tool(Lines& lines) {
  lines.emplace_back(
      "if command -v etcdutl >/dev/null; then restore=(etcdutl snapshot restore); "
      "else restore=(etcdctl snapshot restore); fi");
}

void choose_token(Lines& lines, const std::optional<std::string>& token) {
  lines.push_back(token ? "token=" + shell_quoted(*token)
                        : "token=snapcore-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \\n')");
}

// Whether the data is that of Kubernetes stands in the snapshot, which nobody has read here: what
// its objects begin with is looked for.
void choose_bump(Lines& lines, const StagingByHand& options) {
  const auto& wanted = options.bump_revision;
  const std::int64_t usual = usual_bump({.of_snapshot = {}, .newest = options.newest_revision});
  const std::string bump =
      "bump=(--bump-revision " + std::to_string(wanted.value_or(usual)) + " --mark-compacted)";
  if (wanted && *wanted == 0) {
    lines.emplace_back("bump=()");
    return;
  }
  lines.emplace_back(
      "# --bump-revision needs etcdutl 3.5.10 or 3.6, or etcdctl 3.4.27, or one that is newer.");
  if (wanted) {
    lines.push_back(bump);
    return;
  }
  lines.emplace_back("# Data of Kubernetes is raised, so that no old watch waits for ever.");
  lines.push_back("if LC_ALL=C grep -qaP 'k8s\\x00' \"$artifact\"; then " + bump +
                  "; else bump=(); fi");
}

void restore_member(Lines& lines, const Target& target, const TargetMember& member,
                    const Place& place, const StagingByHand& options) {
  std::string line = "\"${restore[@]}\" \"$artifact\" " + shell_line({"--name", member.name}) +
                     " --data-dir " + staged_data(place);
  if (place.wal_dir) line += " --wal-dir " + staged_wal(place);
  if (place.wal_within) line += " --wal-dir " + staged_data(place, place.wal_within->string());
  line += " " + shell_line({"--initial-cluster", initial_cluster(target)}) +
          " --initial-cluster-token \"$token\" " +
          shell_line({"--initial-advertise-peer-urls", joined(member.peer_urls())}) +
          " \"${bump[@]}\"";
  if (options.skip_hash_check) line += " --skip-hash-check";
  lines.push_back(std::move(line));
  const std::string owner =
      std::to_string(place.owner.user) + ":" + std::to_string(place.owner.group);
  lines.push_back("chown -R " + owner + " -- " + staged_data(place) +
                  (place.wal_dir ? " " + staged_wal(place) : ""));
  lines.push_back("test -s " + staged_data(place, "member/snap/db"));
}

// --- the swap

void put_in(Lines& lines, const std::filesystem::path& live, const std::string& staged) {
  const std::string quoted = shell_quoted(live.string());
  lines.push_back("if [ -e " + quoted + " ]; then mv -T -- " + quoted + " " +
                  stamped(live, kBackup) + "; fi");
  lines.push_back("mv -T -- " + staged + " " + quoted);
}

// A mount point cannot be renamed: what is in it is moved.
void put_entries_in(Lines& lines, const Place& place) {
  const std::string wal = shell_quoted(place.wal_dir->string());
  const std::string backup = stamped(live_wal(place), kBackup);
  lines.push_back("mkdir -m 0700 -- " + backup);
  lines.push_back("find " + wal +
                  " -mindepth 1 -maxdepth 1 \\( -name '*.wal' -o -name '*.tmp' -o -name '*.broken' "
                  "\\) -exec mv -t " +
                  backup + " -- {} +");
  lines.push_back("find " + staged_wal(place) + " -mindepth 1 -maxdepth 1 -exec mv -t " + wal +
                  " -- {} +");
  lines.push_back("rmdir -- " + staged_wal(place));
}

void swap(Lines& lines, const Place& place) {
  put_in(lines, place.live(), staged_data(place, place.data_is_mount ? "member" : ""));
  if (place.data_is_mount) lines.push_back("rmdir -- " + staged_data(place));
  if (place.wal_dir && place.wal_is_mount) put_entries_in(lines, place);
  if (place.wal_dir && !place.wal_is_mount) put_in(lines, live_wal(place), staged_wal(place));
}

// --- health

std::string ask(const Target& target, const std::vector<std::string>& question) {
  std::vector<std::string> endpoints;
  for (const TargetMember& member : target.members)
    endpoints.push_back(member.clients.front().text);
  std::vector<std::string> argv = {"etcdctl", "--endpoints", joined(endpoints)};
  for (const auto& [flag, file] :
       {std::pair("--cacert", target.tls.ca_file), std::pair("--cert", target.tls.certificate_file),
        std::pair("--key", target.tls.key_file)}) {
    if (!file.empty()) argv.insert(argv.end(), {flag, file});
  }
  if (target.login) argv.insert(argv.end(), {"--user", target.login->user()});
  argv.insert(argv.end(), question.begin(), question.end());
  return shell_line(argv);
}

// etcdctl takes it from there, and nobody sees it in the list of processes.
void need_password(Lines& lines, const Target& target) {
  if (!target.login) return;
  lines.push_back("export ETCDCTL_PASSWORD; : \"${ETCDCTL_PASSWORD:?must be the password of user " +
                  target.login->user() + " at the time of the snapshot}\"");
}

}  // namespace

Lines stage_by_hand(const Target& target, const std::vector<Place>& places,
                    const StagingByHand& options) {
  Lines lines;
  need_password(lines, target);
  choose_tool(lines);
  choose_token(lines, options.token);
  choose_bump(lines, options);
  for (std::size_t i = 0; i < places.size(); ++i)
    restore_member(lines, target, target.members[i], places[i], options);
  return lines;
}

// `false` ends the script, and does not close the shell of whoever pastes.
Lines stop_by_hand(const Target& target) {
  // Elsewhere nothing can be asked whether it answers, and everybody would seem to be stopped.
  Lines lines = {
      "if [ -z \"${BASH_VERSION-}\" ]; then echo 'these lines are for bash; nothing was stopped or "
      "moved' >&2; false; fi"};
  for (const TargetMember& member : target.members) {
    lines.push_back(shell_line(member.stop) + " || echo " +
                    shell_quoted("the stop of " + member.name +
                                 " says that it failed; whether it answers comes next") +
                    " >&2");
  }
  const auto patience = std::chrono::ceil<std::chrono::seconds>(target.stop_timeout).count();
  lines.push_back("still() { for _ in $(seq " + std::to_string(patience) +
                  "); do (exec 3<>\"/dev/tcp/$1/$2\") 2>/dev/null || return 1; sleep 1; done; }");
  for (const TargetMember& member : target.members) {
    std::vector<Url> urls = member.clients;
    urls.insert(urls.end(), member.peers.begin(), member.peers.end());
    for (const Url& url : urls) {
      lines.push_back(
          "if still " + shell_line({url.host, std::to_string(url.port)}) + "; then echo " +
          shell_quoted(member.name + " still answers at " + url.text + "; nothing was moved") +
          " >&2; false; fi");
    }
  }
  return lines;
}

Lines activate_by_hand(const Target& target, const std::vector<Place>& places) {
  Lines lines = stop_by_hand(target);
  for (const Place& place : places) swap(lines, place);
  // Side by side: a member of a new cluster is ready only when a quorum runs.
  for (const TargetMember& member : target.members)
    lines.push_back(shell_line(member.start) + " &");
  lines.emplace_back("wait");
  const auto patience = std::chrono::ceil<std::chrono::seconds>(target.health_timeout).count();
  // A snapshot carries the alarms of the old cluster along.
  lines.push_back("for _ in $(seq " + std::to_string(patience) + "); do if " +
                  ask(target, {"endpoint", "health"}) + " >/dev/null 2>&1; then break; fi; " +
                  ask(target, {"alarm", "disarm"}) + " >/dev/null 2>&1 || true; sleep 1; done");
  return lines;
}

Lines health_by_hand(const Target& target) {
  Lines lines;
  need_password(lines, target);
  lines.push_back(ask(target, {"endpoint", "health"}));
  lines.push_back(ask(target, {"endpoint", "status", "--write-out=table"}));
  lines.emplace_back("# One hash: all members hold the same data.");
  lines.push_back("test \"$(" + ask(target, {"endpoint", "hashkv", "--write-out=simple"}) +
                  " | cut -d ' ' -f 2 | sort -u | wc -l)\" = 1");
  return lines;
}

}  // namespace etcd
