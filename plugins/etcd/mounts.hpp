// Where a path lies in its file system: one directory can have many names, by bind mounts.
#pragma once

#include <filesystem>
#include <string>

namespace etcd {

struct Spot {
  std::string device;          // "8:1", of the file system
  std::filesystem::path path;  // from its root

  bool operator==(const Spot&) const = default;
  bool lies_in(const Spot& other) const;
};

// `real` is absolute and without links, as far as it exists. By /proc/self/mountinfo (proc(5));
// without that, the path itself.
Spot spot_of(const std::filesystem::path& real);

// Path by path, not letter by letter.
bool lies_in(const std::filesystem::path& inner, const std::filesystem::path& outer);

}  // namespace etcd
