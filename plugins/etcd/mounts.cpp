#include "mounts.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace etcd {
namespace {

namespace fs = std::filesystem;

// "\040" for a space.
std::string unescaped(const std::string& text) {
  const auto is_octal = [&](std::size_t at) { return text[at] >= '0' && text[at] <= '7'; };
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size() && is_octal(i + 1) && is_octal(i + 2) &&
        is_octal(i + 3)) {
      plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 +
                                 (text[i + 3] - '0'));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

}  // namespace

bool lies_in(const fs::path& inner, const fs::path& outer) {
  const auto [end, at] = std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end());
  return end == outer.end();
}

bool Spot::lies_in(const Spot& other) const {
  return device == other.device && etcd::lies_in(path, other.path);
}

Spot spot_of(const fs::path& real) {
  Spot spot{.device = {}, .path = real};
  std::ifstream mounts("/proc/self/mountinfo");
  std::size_t longest = 0;
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words(line);
    std::string id, parent, device, root, point;
    if (!(words >> id >> parent >> device >> root >> point)) continue;
    const fs::path at = unescaped(point);
    // Of several at one place the last one counts.
    if (!lies_in(real, at) || at.native().size() < longest) continue;
    longest = at.native().size();
    const fs::path below = real.lexically_relative(at);
    spot = {.device = device, .path = unescaped(root)};
    if (below != ".") spot.path /= below;
  }
  return spot;
}

}  // namespace etcd
