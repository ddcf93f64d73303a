// Which machine this is, as records and leases name it.
#pragma once

#include <string>

namespace snapcore {

// In UTF-8 whatever the machine is called; "unknown" when it does not say.
std::string host_name();

}  // namespace snapcore
