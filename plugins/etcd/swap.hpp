// The renames that put the live directories aside and the staged ones in their place, and the way
// back.
//
// Everything is decided before the first rename and written down, so that the way back needs
// nothing but this list. It works from any half-way state, also when it was taken half or whole
// before: each rename is one step of the file system, and the list tells by name and inode number
// on which side of it we are.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <snapcore/error.hpp>
#include <snapcore/sdk/fields.hpp>
#include <string>
#include <vector>

#include "staged.hpp"

namespace etcd {

using snapcore::Result;

struct Move {
  std::string from = {};
  std::string to = {};
  std::uint64_t inode = 0;  // of what moves
  bool keeps = false;       // puts a live thing aside; else puts a staged one in
};

struct MadeDirectory {
  std::string path = {};
  std::uint32_t user = 0;
  std::uint32_t group = 0;
};

// What is in a directory that cannot be renamed, a mount point: see contents.hpp.
struct Contents {
  std::string live = {};
  std::string backup = {};  // inside of it
  std::string staged = {};  // the same
  std::uint32_t user = 0;
  std::uint32_t group = 0;
  std::uint64_t first_segment = 0;  // inode, of what is put in; 0: a record of an earlier release
};

struct Swap {
  // Of records of earlier releases, which moved contents one by one: made to hold what is put
  // aside.
  std::vector<MadeDirectory> backups = {};
  std::vector<Move> moves = {};
  std::vector<Contents> contents = {};
  std::vector<MadeDirectory> shells = {};  // staged directories that the moves leave empty
};

void fields(snapcore::sdk::Fields& f, Move& move);
void fields(snapcore::sdk::Fields& f, MadeDirectory& directory);
void fields(snapcore::sdk::Fields& f, Contents& contents);
void fields(snapcore::sdk::Fields& f, Swap& swap);

// Asked before each step with what it will do; an error ends the work there.
using Step = std::function<Result<>(const std::string& words)>;

// What stands where the member's data is put in: the data directory, or what is in a mount point.
struct LiveThing {
  std::uint64_t inode = 0;                // 0: nothing
  std::optional<std::int64_t> born = {};  // ns since 1970
};
LiveThing live_thing(const StagedMember& member);
// That it is what it was when the data was staged, or gone. "etcd.changed_since_staged"
Result<> check_unchanged(const Staged& staged);

// Looks at the disk. A live directory that is missing is not put aside; a staged one that is
// missing is an error. `mark` makes the name of a backup unique when a run makes two.
Result<Swap> plan_swap(const Staged& staged, std::string_view stamp, std::string_view mark);

Result<> carry_out(const Swap& swap, const Step& step);
// Whether take_back would find what it needs, and nobody else's work in its way; moves nothing.
// "etcd.not_ours", "etcd.backup_gone"
Result<> can_be_taken_back(const Swap& swap);
// `taken`: the moves that were taken back, in this order, also when it fails.
Result<std::vector<std::string>> take_back(const Swap& swap, const Step& step,
                                           std::vector<Move>* taken = nullptr);
// After a take_back that failed: makes its moves again, so that the new data is in whole.
Result<> put_in_again(const Swap& swap, const std::vector<Move>& taken);

// Whether anything of it has happened and not been taken back.
bool has_begun(const Swap& swap);

// What the swap with this stamp and mark put aside and is still there.
Kept kept_on_disk(const Staged& staged, std::string_view stamp, std::string_view mark);

// Ends a script that is pasted where another restore, or a person, has put something else into the
// place since: can_be_taken_back() for a shell.
std::vector<std::string> shell_of_being_ours(const Swap& swap);

// The way back for a person to paste, one line a step. Each line looks whether its step is due, so
// that they are right in every half-way state, before the first rename, and when pasted twice.
std::vector<std::string> shell_of_way_back(const Swap& swap);

}  // namespace etcd
