#include "staged.hpp"

#include <algorithm>

namespace etcd {
namespace {

using snapcore::sdk::Fields;

constexpr std::string_view kStaged = ".snapcore-";
constexpr std::string_view kBackup = ".backup-";

// 0 stands for a digit, x for a hex digit; the rest for itself.
bool fits(std::string_view text, std::string_view shape) {
  return std::equal(text.begin(), text.end(), shape.begin(), shape.end(), [](char c, char s) {
    const bool digit = c >= '0' && c <= '9';
    if (s == '0') return digit;
    if (s == 'x') return digit || (c >= 'a' && c <= 'f');
    return c == s;
  });
}

bool ends_in(std::string_view name, std::string_view mark, std::string_view shape) {
  const auto at = name.rfind(mark);
  return at != std::string_view::npos && fits(name.substr(at + mark.size()), shape);
}

}  // namespace

std::string staged_suffix(std::string_view stamp, std::string_view mark) {
  return std::string(kStaged) + std::string(stamp) + "-" + std::string(mark);
}
std::string backup_suffix(std::string_view stamp) {
  return std::string(kBackup) + std::string(stamp);
}
bool names_staged(std::string_view name) {
  return ends_in(name, kStaged, "00000000T000000Z-xxxxxxxx");
}
bool names_backup(std::string_view name) {
  return ends_in(name, kBackup, "00000000T000000Z") ||
         ends_in(name, kBackup, "00000000T000000Z-xxxxxxxx");
}

void fields(Fields& f, StagedMember& member) {
  f("name", member.name);
  f("id", member.id);
  f("live", member.live, "its data directory");
  f("staged", member.staged, "the data directory that is to take its place");
  f("live_wal", member.live_wal, "its separate WAL directory");
  f("staged_wal", member.staged_wal);
  f("wal_within", member.wal_within, "where the WAL is in the data directory");
  f("mount_point", member.mount_point, "the data directory is a mount point");
  f("wal_mount_point", member.wal_mount_point);
  f("user", member.user);
  f("group", member.group);
  f("live_inode", member.live_inode, "of what was live when this was staged; 0: nothing");
  f("live_born", member.live_born, "when that was made, in ns since 1970");
}

void fields(Fields& f, Staged& staged) {
  f("members", staged.members);
  f("cluster_id", staged.cluster_id);
  f("token", staged.token, "the new cluster's token");
  f("stamp", staged.stamp);
  f("mark", staged.mark);
}

void fields(Fields& f, ExpectedMember& member) {
  f("id", member.id);
  f("name", member.name);
  f("peer_urls", member.peer_urls);
}

void fields(Fields& f, Expected& expected) {
  f("cluster_id", expected.cluster_id);
  f("members", expected.members);
  f("revision", expected.revision, "the lowest revision that holds all of the snapshot");
  f("compact_revision", expected.compact_revision);
}

void fields(Fields& f, KeptMember& member) {
  f("name", member.name);
  f("live", member.live);
  f("backups", member.backups, "where the old directories are");
}

void fields(Fields& f, Kept& kept) { f("members", kept.members); }

}  // namespace etcd
