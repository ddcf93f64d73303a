// What the tools' `init` left of the backend in a working directory.
#pragma once

#include <filesystem>
#include <format/json_node.hpp>
#include <optional>
#include <string>

namespace tfstate {

struct RecordedBackend {
  std::string type = {};
  Node config = {};

  std::optional<std::string> text(std::string_view name) const;  // nothing where it is empty
  std::optional<bool> flag(std::string_view name) const;
  // `inner` of the member `name`, as in endpoints.dynamodb.
  std::optional<std::string> text_in(std::string_view name, std::string_view inner) const;
};

// Nothing when there is no such file, or no backend in it.
Result<std::optional<RecordedBackend>> recorded_backend(const std::filesystem::path& directory);

// "tfstate.relative_path", "tfstate.no_directory"
Result<> check_directory(const std::filesystem::path& directory);

// The tools take no name that would change when it is put into a URL: "tfstate.bad_workspace".
Result<> check_workspace(const std::string& name);

}  // namespace tfstate
