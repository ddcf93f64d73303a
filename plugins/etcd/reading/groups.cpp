#include "reading/reading.hpp"

namespace etcd {

std::string_view group_of(std::string_view key, std::uint32_t depth) {
  std::size_t end = 0;
  for (std::uint32_t part = 0; part < depth; ++part) {
    const std::size_t slash = key.find('/', end + (end == 0 ? 1 : 0));
    if (slash == std::string_view::npos) return key.substr(0, end);
    end = slash + 1;
  }
  return key.substr(0, end);
}

}  // namespace etcd
