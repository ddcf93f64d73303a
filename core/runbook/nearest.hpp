// What somebody probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace snapcore {

// The one of `names` that differs from `wanted` by at most two letters (one in short words), else
// "".
std::string nearest(std::string_view wanted, const std::vector<std::string>& names);

std::string join(const std::vector<std::string>& names);  // "a, b, c"

}  // namespace snapcore
