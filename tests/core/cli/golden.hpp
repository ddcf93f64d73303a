// Texts for people are compared with files beside the tests; UPDATE_GOLDEN=1 rewrites them, and the
// diff is reviewed like code.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace snapcore {

inline void expect_golden(const std::string& name, const std::string& text) {
  const char* source = std::getenv("SNAPCORE_SOURCE");
  ASSERT_NE(source, nullptr) << "run this test through ctest";
  const std::filesystem::path path =
      std::filesystem::path(source) / "tests/core/cli/golden" / (name + ".txt");
  if (const char* update = std::getenv("UPDATE_GOLDEN"); update && std::string(update) == "1") {
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(file) << path << " is missing; UPDATE_GOLDEN=1 writes it";
  const std::string golden((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
  EXPECT_EQ(golden, text) << "differs from " << path;
}

}  // namespace snapcore
