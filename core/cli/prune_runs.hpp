// `runs prune`: which runs may be forgotten, why the others may not, and forgetting them.
#pragma once

#include "cli/command.hpp"
#include "cli/options.hpp"

namespace snapcore {

inline constexpr Option kOlderThanOption = {"older-than", "AGE",
                                            "prune: runs that ended so long ago: 30d, 12w"};
inline constexpr Option kKeepOption = {"keep", "N", "prune: but for the newest N"};
inline constexpr Option kGiveUpOption = {
    "give-up-way-back", "",
    "prune: also runs that can still be taken back; what they kept aside stays where it is"};
inline constexpr Option kPruneYesOption = {"yes", "", "prune: do it, not only list it"};

// Lists what goes and what stays; with --yes it goes.
Result<ExitCode> prune_runs(Invocation& invocation);

}  // namespace snapcore
