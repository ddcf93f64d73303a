// A directory in memory that stands for a working directory: the same configuration, behind links,
// with a state, a backend and a data directory of its own. Whatever the tool does there, nothing of
// the real one changes, and no network is needed for what the real one has already.
//
// The directories above are there, too, with links to what they hold, so that modules and files
// beside the working directory are found ("../modules/x").
#pragma once

#include <filesystem>
#include <optional>
#include <snapcore/error.hpp>
#include <string>

namespace tfstate {

using snapcore::Result;

struct WorkingCopy {
  std::filesystem::path directory;  // where the tool is run
  std::filesystem::path data;       // its data directory
  bool has_modules = false;         // those of the real one are there
};

// `below` is an empty directory of ours. TF_DATA_DIR is to be `data` where the tool is run.
Result<WorkingCopy> copy_working_directory(const std::filesystem::path& given,
                                           const std::filesystem::path& below);

// Makes the copy keep its state in these files, whatever its configuration says.
Result<> keep_state_in(const WorkingCopy& copy, const std::filesystem::path& path,
                       const std::filesystem::path& states);

// The providers that init put into the real directory, or those of the directory `given`; an empty
// directory where there are none: the tool asks no network for them.
Result<std::filesystem::path> providers_of(const std::optional<std::string>& given,
                                           const std::filesystem::path& real,
                                           const std::filesystem::path& scratch);

// A name for an override file that has the last word in this directory:
// "zz_snapcore_NAME_override.tf".
std::string last_override(const std::filesystem::path& directory, const std::string& name);
// terraform { backend "local" { ... } }
std::string local_backend(const std::string& path, const std::string& workspace_dir);

}  // namespace tfstate
