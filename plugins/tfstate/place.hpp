// Where a state of the local backend lies, and what the tools put beside it.
#pragma once

#include <filesystem>
#include <optional>
#include <snapcore/error.hpp>
#include <string>

#include "config.hpp"

namespace tfstate {

using snapcore::Result;

struct Place {
  std::filesystem::path file;
  std::string shown_path;  // as the tools name it in their lock, relative to the directory
  std::optional<std::string> lineage = {};  // that the site expects

  // .NAME.lock.info beside it, without a second dot.
  std::filesystem::path lock_info() const;
  // The same whoever asks: host and real path.
  std::string resource() const;
};

// Host and real path, the same whoever asks: "tfstate-file:HOST:PATH".
std::string resource_of(std::string_view kind, const std::filesystem::path& path);

// As the local backend finds it: `path` in the default workspace, else
// `workspace_dir`/NAME/terraform.tfstate, both from the directory. What the site leaves out is
// taken from what `init` left in the directory; a backend that is not local is refused by name.
Result<Place> locate(const Config& given);

}  // namespace tfstate
