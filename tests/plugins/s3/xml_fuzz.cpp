#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ini.hpp"
#include "xml.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)s3::xml::parse(text);
  (void)s3::parse_ini(text, "fuzz");
  return 0;
}
