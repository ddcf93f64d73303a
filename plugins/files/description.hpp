// What is known of a file: its own size and time, and what its companions say.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <snapcore/sdk/call.hpp>
#include <string>
#include <string_view>

#include "folder.hpp"

namespace local_files {

// The artifact `ref` whose file name is `file` in the open `folder`. What is wrong with a companion
// goes into `problem`; a manifest that is no JSON stands in the artifact as a text, which no
// manifest is.
struct Described {
  snapcore::sdk::Artifact artifact;
  std::optional<snapcore::Error> problem;
};
Described describe(int folder, std::string_view file, std::string_view ref,
                   const struct stat& found);

}  // namespace local_files
