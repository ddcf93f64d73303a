#include "swap.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <snapcore/support/files.hpp>
#include <snapcore/support/process.hpp>

namespace etcd {
namespace {

namespace fs = std::filesystem;
namespace files = snapcore::files;
using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::sdk::Fields;

struct Found {
  bool there = false;
  std::uint64_t inode = 0;
};

Found look(const fs::path& path) {
  const auto found = files::look_at(path);
  if (!found || !*found) return {};
  return {.there = true, .inode = (*found)->st_ino};
}

// Some file systems cannot refuse to replace; nobody else works in these directories meanwhile.
Result<> rename(const fs::path& from, const fs::path& to) {
  auto renamed = files::rename_no_replace(from, to);
  if (renamed || renamed.error().code != "files.unsupported") return renamed;
  if (look(to).there) {
    return fail({.code = "files.exists",
                 .message = "cannot rename " + from.string() + ": " + to.string() + " is there",
                 .category = Category::kConflict});
  }
  if (::rename(from.c_str(), to.c_str()) != 0)
    return fail(files::system_error(errno, "cannot rename to", to));
  if (auto synced = files::fsync_directory(to.parent_path()); !synced) return synced;
  return files::fsync_directory(from.parent_path());
}

Result<> make(const MadeDirectory& directory) {
  auto made = files::make_directory(
      directory.path, {.mode = 0700, .owner = directory.user, .group = directory.group});
  if (!made && made.error().code != "files.exists") return made;
  return files::fsync_directory(fs::path(directory.path).parent_path());
}

// Only when it is empty; what is in it stays.
void remove_when_empty(const MadeDirectory& directory) {
  if (::rmdir(directory.path.c_str()) == 0)
    (void)files::fsync_directory(fs::path(directory.path).parent_path());
}

// What is renamed for a member; inside of a mount point, what holds its entries.
fs::path moved_data(const StagedMember& member) {
  return member.mount_point ? fs::path(member.live) / "member" : fs::path(member.live);
}
fs::path moved_wal(const StagedMember& member) {
  return member.wal_mount_point ? fs::path(*member.live_wal) / "wal" : fs::path(*member.live_wal);
}

std::int64_t nanoseconds(const statx_timestamp& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

class SwapPlanner {
 public:
  SwapPlanner(std::string stamp, std::string mark)
      : stamp_(std::move(stamp)), mark_(std::move(mark)) {}

  Result<> add(const StagedMember& member) {
    const fs::path staged = member.staged;
    if (auto ok = replace(moved_data(member), member.mount_point ? staged / "member" : staged); !ok)
      return ok;
    if (member.mount_point) swap_.shells.push_back({member.staged, member.user, member.group});
    if (!member.live_wal) return {};
    if (member.wal_mount_point) return replace_entries(member);
    return replace(moved_wal(member), *member.staged_wal);
  }

  Swap take() { return std::move(swap_); }

 private:
  fs::path backup_of(const fs::path& live) const {
    fs::path backup = live;
    backup += backup_suffix(stamp_);
    if (look(backup).there) backup += "-" + mark_;
    return backup;
  }

  void keep(const fs::path& live, const fs::path& backup) {
    const Found found = look(live);
    if (found.there) swap_.moves.push_back({live, backup, found.inode, true});
  }

  Result<> place(const fs::path& staged, const fs::path& live) {
    const Found found = look(staged);
    if (!found.there) {
      return fail({.code = "etcd.staged_missing",
                   .message = staged.string() + ", which was staged, is gone",
                   .hint = "nothing live was touched; run the restore again",
                   .category = Category::kConflict});
    }
    swap_.moves.push_back({staged, live, found.inode, false});
    return {};
  }

  Result<> replace(const fs::path& live, const fs::path& staged) {
    keep(live, backup_of(live));
    return place(staged, live);
  }

  // A WAL directory that is a mount point: what is inside goes into a directory inside.
  Result<> replace_entries(const StagedMember& member) {
    const fs::path live = *member.live_wal;
    const fs::path staged = *member.staged_wal;
    const fs::path backup = backup_of(moved_wal(member));
    swap_.backups.push_back({backup, member.user, member.group});
    auto old = names_in(live);
    if (!old) return fail(old.error());
    for (const std::string& name : *old) {
      const bool ours = names_staged(name) || names_backup(name);
      if (!ours && name != "lost+found") keep(live / name, backup / name);
    }
    auto fresh = names_in(staged);
    if (!fresh) return fail(fresh.error());
    for (const std::string& name : *fresh) {
      if (auto ok = place(staged / name, live / name); !ok) return ok;
    }
    swap_.shells.push_back({staged, member.user, member.group});
    return {};
  }

  static Result<std::vector<std::string>> names_in(const fs::path& dir) {
    std::error_code problem;
    std::vector<std::string> names;
    for (fs::directory_iterator at(dir, problem), end; !problem && at != end; at.increment(problem))
      names.push_back(at->path().filename().string());
    if (problem) return fail(files::system_error(problem.value(), "cannot list", dir));
    std::sort(names.begin(), names.end());
    return names;
  }

  std::string stamp_;
  std::string mark_;
  Swap swap_;
};

std::string there(const std::string& path) {
  return "[ -e " + snapcore::process::shell_quoted(path) + " ]";
}
std::string not_there(const std::string& path) {
  return "[ ! -e " + snapcore::process::shell_quoted(path) + " ]";
}

// Takes one rename back if it was done. Never moves the old data anywhere but back: what stands in
// its place is the new only while the old is aside.
std::string shell_line_back(const Swap& swap, const Move& move) {
  const auto aside = std::find_if(swap.moves.begin(), swap.moves.end(), [&](const Move& other) {
    return other.keeps && !move.keeps && other.from == move.to;
  });
  const std::string done = aside == swap.moves.end()
                               ? there(move.to) + " && " + not_there(move.from)
                               : there(aside->to) + " && " + there(move.to);
  return "if " + done + "; then " +
         snapcore::process::shell_line({"mv", "-T", "--", move.to, move.from}) + "; fi";
}

// The new thing stands at `to`: put in, and not yet taken back.
bool is_placed(const Move& move) {
  const Found at = look(move.to);
  return at.there && at.inode == move.inode && !look(move.from).there;
}

const Move* kept_at(const Swap& swap, const std::string& live) {
  for (const Move& move : swap.moves) {
    if (move.keeps && move.from == live) return &move;
  }
  return nullptr;
}
const Move* placed_at(const Swap& swap, const std::string& live) {
  for (const Move& move : swap.moves) {
    if (!move.keeps && move.to == live) return &move;
  }
  return nullptr;
}

Error not_ours(const std::string& live) {
  return {
      .code = "etcd.not_ours",
      .message =
          "what is at " + live +
          " now was not put there by this run; the way back moved nothing and stopped no member",
      .hint =
          "find out who put it there: another run is listed by 'snapcore runs', perhaps "
          "with another --state. Take that back first, then this run. Or do it by hand: "
          "'snapcore runs RUN' shows the commands; move " +
          live + " away before",
      .category = Category::kConflict};
}

Error backup_gone(const Move& move) {
  return {.code = "etcd.backup_gone",
          .message = "what was at " + move.from + " before is not in " + move.to +
                     " any more; the way back moved nothing and stopped no member",
          .hint = "find out who moved or removed it, and put it back as " + move.to +
                  "; if it is lost, there is nothing to go back to",
          .category = Category::kConflict};
}

Error in_the_way(const Move& move) {
  return {.code = "etcd.cannot_put_back",
          .message = "cannot put " + move.to + " back: " + move.from +
                     " is there and is not what was put in",
          .hint = "look at both; move " + move.from + " away, then rename " + move.to + " to it",
          .category = Category::kConflict,
          .outcome = snapcore::Outcome::kHappened};
}

}  // namespace

void fields(Fields& f, Move& move) {
  f("from", move.from);
  f("to", move.to);
  f("inode", move.inode);
  f("keeps", move.keeps);
}

void fields(Fields& f, MadeDirectory& directory) {
  f("path", directory.path);
  f("user", directory.user);
  f("group", directory.group);
}

void fields(Fields& f, Swap& swap) {
  f("backups", swap.backups);
  f("moves", swap.moves);
  f("shells", swap.shells);
}

LiveThing live_thing(const StagedMember& member) {
  struct statx found = {};
  if (::statx(AT_FDCWD, moved_data(member).c_str(), AT_SYMLINK_NOFOLLOW, STATX_INO | STATX_BTIME,
              &found) != 0)
    return {};
  LiveThing thing{.inode = found.stx_ino};
  if ((found.stx_mask & STATX_BTIME) != 0) thing.born = nanoseconds(found.stx_btime);
  return thing;
}

Result<> check_unchanged(const Staged& staged) {
  for (const StagedMember& member : staged.members) {
    const LiveThing now = live_thing(member);
    if (!member.live_inode || now.inode == 0) continue;
    const bool same_birth = !member.live_born || !now.born || *member.live_born == *now.born;
    if (now.inode == *member.live_inode && same_birth) continue;
    return fail(
        {.code = "etcd.changed_since_staged",
         .message = moved_data(member).string() +
                    (*member.live_inode == 0 ? " was not there" : " was another directory") +
                    " when the new data of " + member.name +
                    " was staged: somebody has put other data there since",
         .hint = "no member was stopped; find out who put it there (another run is listed "
                 "by 'snapcore runs', perhaps with another --state). If the restore is "
                 "still wanted, run it again from its plan on",
         .category = Category::kConflict});
  }
  return {};
}

Result<Swap> plan_swap(const Staged& staged, std::string_view stamp, std::string_view mark) {
  SwapPlanner planner{std::string(stamp), std::string(mark)};
  for (const StagedMember& member : staged.members) {
    if (auto ok = planner.add(member); !ok) return fail(ok.error());
  }
  return planner.take();
}

Result<> carry_out(const Swap& swap, const Step& step) {
  for (const MadeDirectory& directory : swap.backups) {
    if (auto go = step("make " + directory.path); !go) return go;
    if (auto made = make(directory); !made) return made;
  }
  for (const Move& move : swap.moves) {
    if (auto go = step("rename " + move.from + " to " + move.to); !go) return go;
    if (auto renamed = rename(move.from, move.to); !renamed) return renamed;
  }
  for (const MadeDirectory& shell : swap.shells) {
    if (auto go = step("remove the empty " + shell.path); !go) return go;
    remove_when_empty(shell);
  }
  return {};
}

bool has_begun(const Swap& swap) {
  return std::any_of(swap.moves.begin(), swap.moves.end(), [](const Move& move) {
    return move.keeps ? look(move.to).there : is_placed(move);
  });
}

Result<> can_be_taken_back(const Swap& swap) {
  for (const Move& move : swap.moves) {
    const Found live = look(move.keeps ? move.from : move.to);
    if (!move.keeps) {
      // What took the place of a kept thing is judged with that.
      if (kept_at(swap, move.to) || look(move.from).there) continue;
      if (live.there && live.inode != move.inode) return fail(not_ours(move.to));
      continue;
    }
    const Move* placed = placed_at(swap, move.from);
    const bool new_is_in = placed && is_placed(*placed);
    const bool old_is_aside = look(move.to).there;
    const bool old_is_in = !old_is_aside && live.inode == move.inode;
    if (live.there && !new_is_in && !old_is_in) return fail(not_ours(move.from));
    if (!old_is_aside && !old_is_in) return fail(backup_gone(move));
  }
  return {};
}

Result<> put_in_again(const Swap& swap, const std::vector<Move>& taken) {
  for (auto move = taken.rbegin(); move != taken.rend(); ++move) {
    if (auto renamed = rename(move->from, move->to); !renamed) return renamed;
  }
  for (const MadeDirectory& shell : swap.shells) remove_when_empty(shell);
  return {};
}

Result<std::vector<std::string>> take_back(const Swap& swap, const Step& step,
                                           std::vector<Move>* taken) {
  std::vector<std::string> words;
  for (auto move = swap.moves.rbegin(); move != swap.moves.rend(); ++move) {
    const bool done = move->keeps ? look(move->to).there : is_placed(*move);
    if (!done) continue;
    if (move->keeps && look(move->from).there) return fail(in_the_way(*move));
    const auto shell = std::find_if(swap.shells.begin(), swap.shells.end(), [&](const auto& made) {
      return fs::path(move->from).parent_path() == made.path;
    });
    if (auto go = step("rename " + move->to + " back to " + move->from); !go)
      return fail(go.error());
    if (!move->keeps && shell != swap.shells.end()) {
      if (auto made = make(*shell); !made) return fail(made.error());
    }
    if (auto renamed = rename(move->to, move->from); !renamed) return fail(renamed.error());
    if (taken) taken->push_back(*move);
    if (move->keeps) words.push_back("put " + move->from + " back");
  }
  for (const MadeDirectory& directory : swap.backups) remove_when_empty(directory);
  return words;
}

Kept kept_on_disk(const Staged& staged, std::string_view stamp, std::string_view mark) {
  const auto backup_of = [&](fs::path path) {
    path += backup_suffix(stamp);
    fs::path second = path;
    second += "-" + std::string(mark);
    return look(second).there ? second : path;
  };
  Kept kept;
  for (const StagedMember& member : staged.members) {
    KeptMember of_member{.name = member.name, .live = member.live, .backups = {}};
    std::vector<fs::path> candidates = {backup_of(moved_data(member))};
    if (member.live_wal) candidates.push_back(backup_of(moved_wal(member)));
    for (const fs::path& backup : candidates) {
      if (look(backup).there) of_member.backups.push_back(backup.string());
    }
    if (!of_member.backups.empty()) kept.members.push_back(std::move(of_member));
  }
  return kept;
}

std::vector<std::string> shell_of_way_back(const Swap& swap) {
  using snapcore::process::shell_line;
  std::vector<std::string> lines;
  for (const MadeDirectory& shell : swap.shells)
    lines.push_back(shell_line({"mkdir", "-p", "-m", "0700", "--", shell.path}));
  for (auto move = swap.moves.rbegin(); move != swap.moves.rend(); ++move)
    lines.push_back(shell_line_back(swap, *move));
  for (const MadeDirectory& directory : swap.backups) {
    lines.push_back("if " + there(directory.path) + "; then " +
                    shell_line({"rmdir", "--", directory.path}) + "; fi");
  }
  return lines;
}

}  // namespace etcd
