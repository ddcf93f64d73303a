// A manifest is read in snapcore itself, whoever wrote it; so are the values its schemas are asked
// about.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "plugin/manifest.hpp"
#include "plugin/schema.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace snapcore;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  auto manifest = parse_manifest(text);
  auto value = Value::parse(text);
  if (value) {
    // Anything may be asked whether it fits a schema, and anything may call itself a schema.
    if (auto schema = Schema::compile(*value)) {
      static_cast<void>(schema->validate(*value, "it"));
      static_cast<void>(schema->validate_planned(*value, "it"));
    }
  }
  if (!manifest || !value) return 0;
  for (const Operation& operation : manifest->operations) {
    auto schema = Schema::compile(operation.args);
    if (schema) static_cast<void>(schema->validate(*value, operation.name));
  }
  return 0;
}
