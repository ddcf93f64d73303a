// A second look at what was staged, before anything live is touched.
#pragma once

#include <string>
#include <vector>

#include "services.hpp"
#include "staged.hpp"
#include "target.hpp"

namespace etcd {

// Every staged directory is whole and is that of the member it is meant for, belongs to its owner,
// can be renamed into place, and the commands and certificates that the swap needs are there.
// Codes: "etcd.staged_damaged", "etcd.staged_missing", "etcd.staged_access",
// "etcd.other_filesystem", "etcd.stale_handle", "etcd.bad_command", "etcd.unreadable_file".
Result<std::vector<std::string>> check_staged(const Target& target, const Staged& staged,
                                              const Watch& watch);

}  // namespace etcd
