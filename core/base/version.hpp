// The version of this snapcore: "0.1.0".
#pragma once

#include <string_view>

namespace snapcore {

std::string_view snapcore_version();

}  // namespace snapcore
