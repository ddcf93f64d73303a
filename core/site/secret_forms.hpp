// How a secret looks once somebody has quoted it.
#pragma once

#include <string>
#include <vector>

namespace snapcore {

// As it stands inside of a longer text that was quoted for a shell or written as JSON. Empty when
// that changes nothing of it.
std::vector<std::string> quoted_forms(const std::string& secret);

}  // namespace snapcore
