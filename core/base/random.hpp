// Random names from the kernel.
#pragma once

#include <cstddef>
#include <snapcore/error.hpp>
#include <string>

namespace snapcore {

// `digits` lower-case hex digits.
Result<std::string> random_hex(std::size_t digits);

// Version 4: "f47ac10b-58cc-4372-a567-0e02b2c3d479".
Result<std::string> random_uuid();

}  // namespace snapcore
