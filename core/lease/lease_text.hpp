// A lease as its file holds it: FORMAT.md.
#pragma once

#include <snapcore/error.hpp>
#include <string>
#include <string_view>

#include "lease/lease.hpp"

namespace snapcore {

// One line of canonical JSON with a hash over itself. Text that is not UTF-8 is made so.
std::string lease_text(const Lease& lease);

// "lease.damaged", with the reason as its message, for any other bytes than lease_text() gives;
// "lease.newer" when a newer snapcore wrote them.
Result<Lease> parse_lease(std::string_view text);

// The file of the numbers: the last one that was drawn.
std::string fence_text(std::uint64_t fence);
Result<std::uint64_t> parse_fence(std::string_view text);

}  // namespace snapcore
