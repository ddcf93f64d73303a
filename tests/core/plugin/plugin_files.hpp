// The plugins that tests load, and the child that scans them.
#pragma once

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "plugin/search.hpp"

namespace snapcore {

inline std::filesystem::path build_folder() {
  const char* folder = std::getenv("SNAPCORE_BUILD");
  return folder ? folder : SNAPCORE_BUILD_FOLDER;
}

inline void use_scan_child(std::chrono::milliseconds limit = std::chrono::seconds(60)) {
  set_scan_options({.program = build_folder() / "tests" / "scan_child", .limit = limit});
}

inline PluginFile bad_plugin(const std::string& id) {
  return {id, build_folder() / "bad_plugins" / (id + ".so")};
}

inline PluginFile test_plugin(const std::string& id) {
  return {id, build_folder() / "test_plugins" / (id + ".so")};
}

}  // namespace snapcore
