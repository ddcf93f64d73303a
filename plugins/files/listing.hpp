// Walks the directory of a source in the order of names, one folder after the other.
#pragma once

#include <functional>
#include <snapcore/error.hpp>
#include <string>
#include <string_view>

#include "folder.hpp"

namespace local_files {

struct Listing {
  // One artifact: the folder it lies in (open), its file name and its ref.
  std::function<snapcore::Result<>(int folder, const std::string& file, const std::string& ref,
                                   const struct stat& found)>
      found;
  // Something that cannot be shown as an artifact, in a sentence.
  std::function<void(const std::string& words)> skipped;
  // Fails once the walk should stop.
  std::function<snapcore::Result<>()> keep_going;
};

// Only refs that start with `prefix`. Links and folders that begin with a dot are passed over
// silently; memory is that of the names of the folders on the way.
snapcore::Result<> walk(const Folder& folder, std::string_view prefix, const Listing& listing);

}  // namespace local_files
