// A fuzz target without a fuzzer: every seed, every truncation of it and single flipped bits all
// over it.
//
// Nothing is expected of the answers. What is shown is that no input crashes, hangs or trips a
// sanitizer.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

// Of a large seed as many truncations and flips as this, evenly spread.
constexpr std::size_t kMostVariants = 2048;

void feed(const std::string& bytes) {
  // An allocation of exactly this size, so that reading past its end is seen.
  const std::vector<std::uint8_t> input(bytes.begin(), bytes.end());
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

std::string read_seed(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void feed_variants(const std::string& seed) {
  feed(seed);
  const std::size_t stride = std::max<std::size_t>(1, seed.size() / kMostVariants);
  for (std::size_t at = 0; at < seed.size(); at += stride) {
    feed(seed.substr(0, at));
    std::string flipped = seed;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    feed(flipped);
  }
}

TEST(FuzzSeedsTest, NoSeedNoTruncationAndNoFlippedBitCrashesTheReader) {
  for (const char* text : {"", "\n", "{}", "\xff\xff\xff\xff"}) feed_variants(text);
  const char* folder = std::getenv("SNAPCORE_SEEDS");
  if (folder == nullptr || !std::filesystem::is_directory(folder)) return;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    SCOPED_TRACE(entry.path().string());
    feed_variants(read_seed(entry.path()));
  }
}

}  // namespace
