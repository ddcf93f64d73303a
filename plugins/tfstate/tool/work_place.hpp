// Where the tool is run: what its operations need to know of an instance.
#pragma once

#include <snapcore/error.hpp>
#include <string>

#include "settings.hpp"

namespace tfstate {

using snapcore::Result;

struct WorkPlace {
  std::string directory = {};
  std::string workspace = "default";
  std::string resource = {};            // the key of its state
  std::string directory_resource = {};  // and of the directory
  ToolSettings tool = {};
};

}  // namespace tfstate
