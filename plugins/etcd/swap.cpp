#include "swap.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <format/wal.hpp>
#include <snapcore/support/process.hpp>

#include "contents.hpp"
#include "renaming.hpp"

namespace etcd {
namespace {

namespace fs = std::filesystem;
using snapcore::Category;
using snapcore::Error;
using snapcore::fail;
using snapcore::sdk::Fields;

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

Error staged_missing(const fs::path& staged) {
  return {.code = "etcd.staged_missing",
          .message = staged.string() + ", which was staged, is gone",
          .hint = "nothing live was touched; run the restore again",
          .category = Category::kConflict};
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
    if (member.wal_mount_point) return replace_contents(member);
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
    if (!found.there) return fail(staged_missing(staged));
    swap_.moves.push_back({staged, live, found.inode, false});
    return {};
  }

  Result<> replace(const fs::path& live, const fs::path& staged) {
    keep(live, backup_of(live));
    return place(staged, live);
  }

  // What is in the live one is seen once its member is stopped: until then it makes new segments.
  Result<> replace_contents(const StagedMember& member) {
    const fs::path staged = *member.staged_wal;
    if (!look(staged).there) return fail(staged_missing(staged));
    swap_.contents.push_back({.live = *member.live_wal,
                              .backup = backup_of(moved_wal(member)).string(),
                              .staged = staged.string(),
                              .user = member.user,
                              .group = member.group,
                              .first_segment = look(staged / wal::kFirstSegment).inode});
    return {};
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

std::string is_at(std::uint64_t inode, const std::string& path) {
  return "[ \"$(stat -c %i " + snapcore::process::shell_quoted(path) +
         " 2>/dev/null)\" = " + std::to_string(inode) + " ]";
}
// Ends the lines, unless one of the conditions holds.
std::string shell_unless(const std::string& conditions, const std::string& words) {
  return conditions + " || { echo " + snapcore::process::shell_quoted(words) + " >&2; false; }";
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

Error backup_gone(const std::string& where, const std::string& backup) {
  return {.code = "etcd.backup_gone",
          .message = "what was " + where + " before is not in " + backup +
                     " any more; the way back moved nothing and stopped no member",
          .hint =
              "mount its file system if that is missing; else find out who moved or removed it, "
              "and put it back as " +
              backup + "; if it is lost, there is nothing to go back to",
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

void fields(Fields& f, Contents& contents) {
  f("live", contents.live);
  f("backup", contents.backup);
  f("staged", contents.staged);
  f("user", contents.user);
  f("group", contents.group);
  f("first_segment", contents.first_segment).optional();
}

void fields(Fields& f, Swap& swap) {
  f("backups", swap.backups);
  f("moves", swap.moves);
  f("contents", swap.contents).optional();
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
    if (auto renamed = move_durably(move.from, move.to); !renamed) return renamed;
  }
  for (const Contents& contents : swap.contents) {
    if (auto put = put_in(contents, step); !put) return put;
  }
  for (const MadeDirectory& shell : swap.shells) {
    if (auto go = step("remove the empty " + shell.path); !go) return go;
    remove_when_empty(shell);
  }
  return {};
}

bool has_begun(const Swap& swap) {
  if (std::any_of(swap.contents.begin(), swap.contents.end(),
                  [](const Contents& contents) { return has_begun(contents); }))
    return true;
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
    if (!old_is_aside && !old_is_in) return fail(backup_gone("at " + move.from, move.to));
  }
  for (const Contents& contents : swap.contents) {
    const bool new_is_in = std::any_of(swap.moves.begin(), swap.moves.end(), [](const Move& move) {
      return !move.keeps && is_placed(move);
    });
    if (new_is_in && !has_begun(contents) && !look(contents.staged).there)
      return fail(backup_gone("in " + contents.live, contents.backup));
  }
  return {};
}

Result<> put_in_again(const Swap& swap, const std::vector<Move>& taken) {
  for (auto move = taken.rbegin(); move != taken.rend(); ++move) {
    if (auto renamed = move_durably(move->from, move->to); !renamed) return renamed;
  }
  for (const MadeDirectory& shell : swap.shells) remove_when_empty(shell);
  for (const Contents& contents : swap.contents) remove_when_empty(staged_shell(contents));
  return {};
}

Result<std::vector<std::string>> take_back(const Swap& swap, const Step& step,
                                           std::vector<Move>* taken) {
  std::vector<std::string> words;
  for (auto contents = swap.contents.rbegin(); contents != swap.contents.rend(); ++contents) {
    const bool begun = has_begun(*contents);
    if (auto back = take_out(*contents, step, taken); !back) return fail(back.error());
    if (begun) words.push_back("put what was in " + contents->live + " back");
  }
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
    if (auto renamed = move_durably(move->to, move->from); !renamed) return fail(renamed.error());
    if (taken) taken->push_back(*move);
    if (move->keeps) words.push_back("put " + move->from + " back");
  }
  for (const MadeDirectory& directory : swap.backups) remove_when_empty(directory);
  for (const Contents& contents : swap.contents) forget(contents);
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

std::vector<std::string> shell_of_being_ours(const Swap& swap) {
  std::vector<std::string> lines;
  for (const Move& move : swap.moves) {
    if (!move.keeps) continue;
    lines.push_back(shell_unless(there(move.to) + " || " + is_at(move.inode, move.from),
                                 "what was at " + move.from + " before is neither there nor in " +
                                     move.to + "; nothing was done"));
    if (const Move* placed = placed_at(swap, move.from)) {
      lines.push_back(shell_unless(
          not_there(move.to) + " || " + not_there(move.from) + " || " +
              is_at(placed->inode, move.from),
          "what is at " + move.from + " was not put there by this run; nothing was moved"));
    }
  }
  for (const Contents& contents : swap.contents) {
    for (const Move& move : swap.moves) {
      if (move.keeps) continue;
      lines.push_back(
          shell_unless("! " + is_at(move.inode, move.to) + " || " + shell_of_being_there(contents),
                       "what was in " + contents.live + " before is not in " + contents.backup +
                           "; nothing was done"));
    }
  }
  return lines;
}

std::vector<std::string> shell_of_way_back(const Swap& swap) {
  using snapcore::process::shell_line;
  std::vector<std::string> lines;
  for (auto contents = swap.contents.rbegin(); contents != swap.contents.rend(); ++contents) {
    for (std::string& line : shell_of_taking_out(*contents)) lines.push_back(std::move(line));
  }
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
