// The swap of what is in a directory that cannot be renamed itself, and the way back.
//
// All that stands in `live` is put aside, then all that is staged put in, one rename each. What
// there will be is not known before the members are stopped: a running one makes new segments, and
// so does the new cluster until it is taken back. So no names are written down; how far it came is
// told by the directory that holds the old entries, which changes its name in between:
//
//   `part` is there     old entries are in `live` and in `part`
//   `backup` is there   all old ones are in `backup`; what is in `live` is new
//   neither             it has not begun, or is taken back
//
// What is not of etcd's log stays where it is.
#pragma once

#include <snapcore/error.hpp>
#include <string>
#include <vector>

#include "swap.hpp"

namespace etcd {

Result<> put_in(const Contents& contents, const Step& step);

// The new entries leave `live` and stay in `staged`, then the old ones come back; an empty `part`
// is left for forget(). Works from every half-way state, also of its own. `taken`: as in
// take_back().
Result<> take_out(const Contents& contents, const Step& step, std::vector<Move>* taken);
void forget(const Contents& contents);

// Whether anything was put aside and not taken back.
bool has_begun(const Contents& contents);
// A condition of the shell: what was live is there, or is put aside.
std::string shell_of_being_there(const Contents& contents);

MadeDirectory staged_shell(const Contents& contents);

// take_out() and forget() for a person to paste.
std::vector<std::string> shell_of_taking_out(const Contents& contents);

}  // namespace etcd
