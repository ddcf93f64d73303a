// The steps a swap is made of, each durable when it returns.
#pragma once

#include <cstdint>
#include <filesystem>
#include <snapcore/error.hpp>
#include <string>
#include <vector>

#include "swap.hpp"

namespace etcd {

struct Found {
  bool there = false;
  std::uint64_t inode = 0;
};

// Links are not followed; what cannot be looked at is not there.
Found look(const std::filesystem::path& path);

// Never replaces: "files.exists".
Result<> move_durably(const std::filesystem::path& from, const std::filesystem::path& to);

// One that is there already is fine.
Result<> make(const MadeDirectory& directory);

// Only when it is empty; what is in it stays.
void remove_when_empty(const MadeDirectory& directory);

Result<std::vector<std::string>> names_in(const std::filesystem::path& dir);  // sorted

}  // namespace etcd
