#include "catalog/detect_kind.hpp"

#include <algorithm>

namespace snapcore {
namespace {

bool fits(Bytes head, const KindPattern& pattern) {
  const Bytes magic = as_bytes(pattern.magic);
  if (magic.empty() || pattern.offset > head.size() ||
      magic.size() > head.size() - pattern.offset) {
    return false;
  }
  const Bytes there = head.subspan(static_cast<std::size_t>(pattern.offset), magic.size());
  return std::equal(magic.begin(), magic.end(), there.begin());
}

}  // namespace

std::uint64_t head_needed(std::span<const KindPattern> patterns) {
  std::uint64_t bytes = 0;
  for (const KindPattern& pattern : patterns) {
    if (!pattern.magic.empty()) bytes = std::max(bytes, pattern.offset + pattern.magic.size());
  }
  return bytes;
}

std::optional<std::string> detect_kind(Bytes head, std::span<const KindPattern> patterns) {
  const KindPattern* best = nullptr;
  bool contested = false;
  for (const KindPattern& pattern : patterns) {
    if (!fits(head, pattern)) continue;
    if (!best || pattern.magic.size() > best->magic.size()) {
      best = &pattern;
      contested = false;
    } else if (pattern.magic.size() == best->magic.size() && pattern.kind != best->kind) {
      contested = true;
    }
  }
  if (!best || contested) return std::nullopt;
  return best->kind;
}

}  // namespace snapcore
