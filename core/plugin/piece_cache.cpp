#include "plugin/piece_cache.hpp"

#include <algorithm>
#include <cstring>

namespace snapcore {

Result<std::size_t> PieceCache::read(std::uint64_t offset, std::span<std::byte> into) {
  if (into.empty()) return 0;
  auto block = fetch(offset / kBlock);
  if (!block) return fail(block.error());
  const auto& bytes = (*block)->bytes;
  const auto at = static_cast<std::size_t>(offset % kBlock);
  if (at >= bytes.size()) return 0;
  const std::size_t size = std::min(into.size(), bytes.size() - at);
  std::memcpy(into.data(), bytes.data() + at, size);
  return size;
}

Result<const PieceCache::Block*> PieceCache::fetch(std::uint64_t number) {
  const auto known = std::find_if(latest_first_.begin(), latest_first_.end(),
                                  [&](const Block& block) { return block.number == number; });
  if (known != latest_first_.end()) {
    latest_first_.splice(latest_first_.begin(), latest_first_, known);
    return &latest_first_.front();
  }
  Block block{number, std::vector<std::byte>(kBlock)};
  std::size_t filled = 0;
  while (filled < kBlock) {
    auto got = read_piece_(number * kBlock + filled, std::span(block.bytes).subspan(filled));
    if (!got) return fail(got.error());
    if (*got == 0) break;
    filled += std::min(*got, kBlock - filled);
  }
  block.bytes.resize(filled);
  if (latest_first_.size() == kBlocks) latest_first_.pop_back();
  latest_first_.push_front(std::move(block));
  return &latest_first_.front();
}

}  // namespace snapcore
