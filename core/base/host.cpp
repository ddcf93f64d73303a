#include "base/host.hpp"

#include <unistd.h>

#include <array>

#include "base/text.hpp"

namespace snapcore {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return valid_utf8(name.data());
}

}  // namespace snapcore
