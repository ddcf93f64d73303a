// What the tool keeps beside a configuration, and which workspace is selected there.
#pragma once

#include <filesystem>
#include <snapcore/error.hpp>
#include <string>

namespace tfstate {

using snapcore::Result;

// Where the tool keeps its modules, providers and what it knows of the backend: .terraform, or
// what TF_DATA_DIR says. Its name as given, which may be relative to `directory`.
std::filesystem::path data_directory_name();
std::filesystem::path data_directory(const std::filesystem::path& directory);

// As the tool would choose it: TF_WORKSPACE, else what `workspace select` left, else "default".
std::string selected_workspace(const std::filesystem::path& directory);

}  // namespace tfstate
