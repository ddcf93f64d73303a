// What a working directory knows of its fallback: that its state lies in a local file for a while,
// because the store where it belongs is away. It lies in .snapcore/ there, outside of every name
// that the tools would take for a state of theirs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <snapcore/error.hpp>
#include <string>

namespace tfstate {

using snapcore::Result;

struct FallbackFiles {
  explicit FallbackFiles(const std::filesystem::path& directory);

  std::filesystem::path home;        // .snapcore
  std::filesystem::path record;      // that there is a fallback, and since when
  std::filesystem::path base;        // the state that it began with, or that a return pushed
  std::filesystem::path first_base;  // the former, once there is the latter
  std::filesystem::path backend;     // what init had left of the backend; may be missing
  std::filesystem::path local;       // what stands in its place during the fallback
  std::filesystem::path states;      // for workspaces
  std::filesystem::path override_;   // makes the tool use the local file

  // The state that is worked with meanwhile.
  std::filesystem::path state(const std::string& workspace) const;
  // As the override names it, from the directory.
  static std::string relative_state();
  static std::string relative_states();
};

struct FallbackRecord {
  std::string since = {};
  std::string run = {};
  std::string workspace = {};
  std::string from = {};  // which copy it began with
  std::string lineage = {};
  std::uint64_t serial = 0;

  std::string to_json() const;
  static std::optional<FallbackRecord> from_json(std::string_view text);
};

// Nothing when there is no fallback. "tfstate.bad_fallback" when it cannot be understood.
Result<std::optional<FallbackRecord>> read_fallback(const std::filesystem::path& directory);

// For everybody who looks at the instance; nothing when there is no fallback.
std::optional<std::string> fallback_warning(const std::filesystem::path& directory);

}  // namespace tfstate
