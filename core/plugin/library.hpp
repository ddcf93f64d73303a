// Brings a shared object into this process and reads its table.
#pragma once

#include <snapcore/plugin.h>

#include <filesystem>
#include <snapcore/error.hpp>
#include <string>

namespace snapcore {

// Never unloaded. "plugin.load_failed" with the loader's own words, "plugin.missing_symbol",
// "plugin.wrong_abi" when the plugin speaks another major version, "plugin.crashed" when it threw.
Result<const sc_plugin*> load_library(const std::filesystem::path& path);

// A copy of the table, with what an older plugin does not know left null. "plugin.wrong_abi" when
// the plugin needs a newer host, or its table is too small to be one.
Result<sc_plugin> read_table(const sc_plugin* table);

// "plugin.invalid_manifest" when the text is no text.
Result<std::string> manifest_text(const sc_plugin& table);

}  // namespace snapcore
