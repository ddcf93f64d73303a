// errored.tfstate: what a tool leaves in its working directory when it could not write its state.
// It is the newest state there is, and nobody looks for it.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace tfstate {

// For everybody who looks at the instance; nothing when there is none.
std::optional<std::string> errored_words(const std::filesystem::path& directory);

}  // namespace tfstate
