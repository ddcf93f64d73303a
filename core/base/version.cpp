#include "base/version.hpp"

namespace snapcore {

std::string_view snapcore_version() { return SNAPCORE_VERSION; }

}  // namespace snapcore
