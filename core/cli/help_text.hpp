// The pages of `snapcore help`.
#pragma once

#include <string>
#include <string_view>

#include "cli/command.hpp"
#include "cli/text/page.hpp"
#include "plugin/manifest.hpp"

namespace snapcore {

std::string usage_of(const Command& command);

std::string help_main(const Style& style);
std::string help_command(const Command& command, const Style& style);

// One operation, from its schemas. `name` is what the reader would type: "kv_prod.restore".
struct OperationHelp {
  std::string name;
  std::string summary;
  std::string effect;  // "read", ...; "" for the core's own
  Value args;
  Value result;
};
std::string help_operation(const OperationHelp& operation, const Style& style);

// A plugin: what it is, its operations, its settings.
std::string help_plugin(const Manifest& manifest, std::string_view path, std::string_view sha256,
                        const Style& style);

}  // namespace snapcore
