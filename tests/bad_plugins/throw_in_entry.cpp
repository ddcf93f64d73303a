// Throws instead of giving its table.
#include <snapcore/plugin.h>

#include <stdexcept>

extern "C" const sc_plugin* snapcore_plugin_v1() {
  throw std::runtime_error("thrown while loading");
}
