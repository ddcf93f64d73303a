#include "place.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <snapcore/support/files.hpp>
#include <system_error>
#include <vector>

#include "mounts.hpp"
#include "own_files.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::Category;
using snapcore::Error;
using snapcore::fail;

tl::unexpected<Error> refuse(std::string code, std::string message, std::string hint = {}) {
  return fail({.code = std::move(code),
               .message = std::move(message),
               .hint = std::move(hint),
               .category = Category::kPrecondition});
}

// The path without symbolic links, as far as it exists.
Result<fs::path> resolve(const std::string& member, const fs::path& path) {
  std::error_code problem;
  fs::path real = fs::weakly_canonical(path, problem);
  if (problem) {
    return refuse("etcd.bad_directory", "member " + member + ": cannot look at " + path.string() +
                                            ": " + problem.message());
  }
  const auto found = files::look_at(real);
  if (!found) return fail(found.error());
  if (*found && S_ISLNK((*found)->st_mode)) {
    std::error_code ignored;
    return refuse("etcd.bad_directory",
                  "member " + member + ": " + real.string() + " is a link to " +
                      fs::read_symlink(real, ignored).string() + ", which is not there",
                  "mount what belongs there, or remove the link");
  }
  if (*found && !S_ISDIR((*found)->st_mode)) {
    return refuse("etcd.bad_directory",
                  "member " + member + ": " + real.string() + " is not a directory");
  }
  return real;
}

std::optional<struct statx> statx_of(const fs::path& path, unsigned mask) {
  struct statx found = {};
  if (::statx(AT_FDCWD, path.c_str(), AT_SYMLINK_NOFOLLOW, mask, &found) != 0) return std::nullopt;
  return found;
}

template <class T>
std::optional<T> parse_id(std::string_view text) {
  T id{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), id);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return id;
}

std::optional<Owner> user_named(const std::string& name) {
  std::vector<char> buffer(16384);
  struct passwd entry = {};
  struct passwd* found = nullptr;
  if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || !found)
    return std::nullopt;
  return Owner{.user = entry.pw_uid, .group = entry.pw_gid};
}

// "etcd", "1000:1000".
Result<Owner> parse_owner(const TargetMember& member) {
  const std::string& text = *member.owner;
  const auto colon = text.find(':');
  if (colon == std::string::npos) {
    if (const auto owner = user_named(text)) return *owner;
    return refuse("etcd.unknown_owner",
                  "member " + member.name + ": there is no user '" + text + "' on this machine",
                  "correct owner in the site");
  }
  const auto user = parse_id<uid_t>(std::string_view(text).substr(0, colon));
  const auto group = parse_id<gid_t>(std::string_view(text).substr(colon + 1));
  if (user && group) return Owner{.user = *user, .group = *group};
  return refuse(
      "etcd.unknown_owner",
      "member " + member.name + ": owner '" + text + "' is neither a user name nor UID:GID",
      "correct owner in the site");
}

Result<Owner> owner_of(const TargetMember& member, const fs::path& data_dir) {
  if (member.owner) return parse_owner(member);
  const auto found = files::look_at(data_dir);
  if (!found) return fail(found.error());
  if (*found) return Owner{.user = (*found)->st_uid, .group = (*found)->st_gid};
  return Owner{.user = ::geteuid(), .group = ::getegid()};
}

// One that cannot be listed may hold some.
Result<bool> has_segments(const fs::path& dir) {
  std::error_code problem;
  for (fs::directory_iterator at(dir, problem), end; !problem && at != end; at.increment(problem)) {
    if (at->path().extension() == ".wal") return true;
  }
  if (!problem || problem == std::errc::no_such_file_or_directory) return false;
  return fail(files::system_error(problem.value(), "cannot list", dir));
}

// Whether names can be made and renamed in `dir` on behalf of `what`.
Result<> check_parent(const std::string& member, const fs::path& dir, const fs::path& what) {
  struct stat found = {};
  if (::stat(dir.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
    return refuse("etcd.no_parent_directory",
                  "member " + member + ": " + dir.string() + ", which is to hold " +
                      what.filename().string() + ", is not there",
                  "make that directory, or mount what belongs there");
  }
  struct statvfs system = {};
  if (::statvfs(dir.c_str(), &system) == 0 && (system.f_flag & ST_RDONLY) != 0) {
    return refuse("etcd.read_only",
                  "member " + member + ": " + dir.string() + " is on a read-only file system",
                  "mount it writable");
  }
  if (::faccessat(AT_FDCWD, dir.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    return refuse("etcd.not_writable",
                  "member " + member + ": this user may not write in " + dir.string(),
                  "run as a user who may, root for example");
  }
  // In a directory like /tmp only the owner of a name may rename it.
  const auto live = files::look_at(what);
  const uid_t self = ::geteuid();
  const bool sticky = (found.st_mode & S_ISVTX) != 0 && self != 0 && self != found.st_uid;
  if (sticky && live && *live && (*live)->st_uid != self) {
    return refuse("etcd.foreign_owned",
                  "member " + member + ": " + what.string() + " belongs to another user",
                  "run as that user or as root");
  }
  return {};
}

Result<> check_owner(const Place& place) {
  const uid_t self = ::geteuid();
  if (self == 0 || self == place.owner.user) return {};
  return refuse("etcd.foreign_owned",
                "member " + place.member + ": " + place.data_dir.string() +
                    " is to belong to user " + std::to_string(place.owner.user) +
                    ", and this is user " + std::to_string(self),
                "run as that user or as root");
}

Result<> check_wal(const Place& place) {
  const fs::path inner =
      place.wal_within ? place.data_dir / *place.wal_within : place.data_dir / "member" / "wal";
  if (!place.wal_dir) {
    const bool has_database = files::look_at(place.database()).value_or(std::nullopt).has_value();
    if (!has_database) return {};
    const auto has_log = has_segments(inner);
    if (!has_log) return fail(has_log.error());
    if (*has_log) return {};
    // The new database beside a log that was left where it is would start with the old data.
    return refuse("etcd.wal_dir_unknown",
                  "member " + place.member + ": " + place.data_dir.string() +
                      " holds a database and no WAL, so the member keeps its WAL elsewhere",
                  "name its --wal-dir as wal_dir in the site");
  }
  const auto within = has_segments(inner);
  if (!within) return fail(within.error());
  const auto beside = has_segments(*place.wal_dir);
  if (!beside) return fail(beside.error());
  if (*within && !*beside) {
    return refuse("etcd.wal_dir_wrong",
                  "member " + place.member + ": the WAL is in " + inner.string() + ", not in " +
                      place.wal_dir->string() + " as the site says",
                  "correct wal_dir in the site");
  }
  return {};
}

// A directory that the site names by mistake would be put aside with all that is in it.
Result<> check_holdings(const Place& place) {
  auto data = holdings_of(place.data_dir);
  if (!data) return fail(data.error());
  if (place.wal_within) std::erase(data->others, place.wal_within->begin()->string());
  if (!data->of_etcd && !data->others.empty()) {
    return refuse("etcd.not_a_data_dir",
                  "member " + place.member + ": " + place.data_dir.string() + " holds " +
                      some_of(data->others) + " and no 'member': it is no data directory of etcd",
                  "correct data_dir in the site; if it is the right one, move what is in it "
                  "elsewhere first");
  }
  if (!place.wal_dir || place.wal_is_mount) return {};
  const auto wal = holdings_of(*place.wal_dir);
  if (!wal) return fail(wal.error());
  if (wal->of_etcd || wal->others.empty()) return {};
  return refuse("etcd.not_a_wal_dir",
                "member " + place.member + ": " + place.wal_dir->string() + " holds " +
                    some_of(wal->others) + " and no segment of a WAL",
                "correct wal_dir in the site; if it is the right one, move what is in it elsewhere "
                "first");
}

}  // namespace

bool is_mount_point(const fs::path& path) {
  const auto found = statx_of(path, STATX_BASIC_STATS);
  if (!found) return false;
  if ((found->stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0)
    return (found->stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  const auto above = statx_of(path.parent_path(), STATX_BASIC_STATS);
  return above && (above->stx_dev_major != found->stx_dev_major ||
                   above->stx_dev_minor != found->stx_dev_minor);
}

bool on_one_mount(const fs::path& a, const fs::path& b) {
  const auto first = statx_of(a, STATX_BASIC_STATS | STATX_MNT_ID);
  const auto second = statx_of(b, STATX_BASIC_STATS | STATX_MNT_ID);
  if (!first || !second) return false;
  if ((first->stx_mask & second->stx_mask & STATX_MNT_ID) != 0)
    return first->stx_mnt_id == second->stx_mnt_id;
  return first->stx_dev_major == second->stx_dev_major &&
         first->stx_dev_minor == second->stx_dev_minor;
}

fs::path mount_point_of(const fs::path& path) {
  std::error_code ignored;
  fs::path at = fs::weakly_canonical(path, ignored);
  while (at.has_relative_path()) {
    if (is_mount_point(at)) return at;
    at = at.parent_path();
  }
  return at.empty() ? fs::path("/") : at;
}

fs::path staging_parent(const fs::path& dir, bool is_mount) {
  return is_mount ? dir : dir.parent_path();
}

Result<Place> locate(const TargetMember& member) {
  Place place{.member = member.name,
              .data_dir = {},
              .data_is_mount = false,
              .wal_dir = {},
              .wal_is_mount = false,
              .wal_within = {},
              .owner = {}};
  auto data = resolve(member.name, member.data_dir);
  if (!data) return fail(data.error());
  place.data_dir = std::move(*data);
  place.data_is_mount = is_mount_point(place.data_dir);
  if (member.wal_dir) {
    auto wal = resolve(member.name, *member.wal_dir);
    if (!wal) return fail(wal.error());
    const bool is_mount = is_mount_point(*wal);
    if (lies_in(*wal, place.live()) && !is_mount) {
      place.wal_within = wal->lexically_relative(place.data_dir);
    } else {
      place.wal_is_mount = is_mount;
      place.wal_dir = std::move(*wal);
    }
  }
  const fs::path inner = place.data_dir / "member";
  if (is_mount_point(inner) || is_mount_point(inner / "wal") || is_mount_point(inner / "snap") ||
      (place.wal_dir && lies_in(*place.wal_dir, place.live()))) {
    return refuse("etcd.mount_inside",
                  "member " + member.name + ": another file system is mounted inside of " +
                      place.live().string() + ", so it cannot be put aside by a rename",
                  "mount it at the data directory or outside of it, and name a separate WAL "
                  "directory as wal_dir");
  }
  auto owner = owner_of(member, place.data_dir);
  if (!owner) return fail(owner.error());
  place.owner = *owner;
  return place;
}

Result<> check_place(const Place& place) {
  const fs::path parent = staging_parent(place.data_dir, place.data_is_mount);
  if (auto ok = check_parent(place.member, parent, place.live()); !ok) return ok;
  if (place.wal_dir) {
    const fs::path above = staging_parent(*place.wal_dir, place.wal_is_mount);
    if (auto ok = check_parent(place.member, above, *place.wal_dir); !ok) return ok;
  }
  if (auto ok = check_owner(place); !ok) return ok;
  if (auto ok = check_holdings(place); !ok) return ok;
  return check_wal(place);
}

std::vector<std::string> goes_along(const Place& place) {
  if (place.data_is_mount) return {};
  std::vector<std::string> all;
  const auto holdings = holdings_of(place.data_dir);
  if (holdings && !holdings->others.empty()) {
    all.push_back(some_of(holdings->others) + " in " + place.data_dir.string() +
                  (holdings->others.size() == 1 ? " is" : " are") +
                  " not etcd's, and aside with it; nobody removes it");
  }
  const fs::path wal = place.data_dir / "member" / "wal";
  if (std::error_code ignored; !place.wal_dir && fs::is_symlink(wal, ignored)) {
    all.push_back(wal.string() + ", a link to " + fs::read_symlink(wal, ignored).string() +
                  ", becomes a directory there");
  }
  return all;
}

}  // namespace etcd
