#include "data_directory.hpp"

#include <cstdlib>
#include <snapcore/support/files.hpp>

namespace tfstate {

namespace fs = std::filesystem;

fs::path data_directory_name() {
  const char* given = ::getenv("TF_DATA_DIR");
  return given && *given ? given : ".terraform";
}

fs::path data_directory(const fs::path& directory) {
  return (directory / data_directory_name()).lexically_normal();
}

std::string selected_workspace(const fs::path& directory) {
  if (const char* given = ::getenv("TF_WORKSPACE"); given && *given) return given;
  const auto text = snapcore::files::read_file(data_directory(directory) / "environment", 4096);
  if (!text) return "default";
  const auto first = text->find_first_not_of(" \t\r\n");
  if (first == std::string::npos) return "default";
  return text->substr(first, text->find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace tfstate
