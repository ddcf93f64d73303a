// What etcd makes in its directories, and what this plugin makes beside it. All else there is
// somebody's own: it is neither taken for a cluster's data nor removed with it.
#pragma once

#include <array>
#include <filesystem>
#include <snapcore/error.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace etcd {

using snapcore::Result;

// How the names in a WAL directory end: segments, those it prepares or writes anew, and those it
// found broken.
inline constexpr std::array<std::string_view, 3> kOfTheLog = {".wal", ".tmp", ".broken"};
bool is_of_the_log(std::string_view name);

// What a data or WAL directory holds.
struct Holdings {
  bool of_etcd = false;                  // its `member`, or segments
  std::vector<std::string> others = {};  // names of what is neither etcd's nor ours, sorted
};
// Of no directory: nothing.
Result<Holdings> holdings_of(const std::filesystem::path& dir);

// "a, b, c and 4 more"
std::string some_of(const std::vector<std::string>& names);

}  // namespace etcd
