/* The least a plugin can be: a table without an entry. */
#include <snapcore/plugin.h>

const sc_plugin* snapcore_plugin_v1(void) {
  static const sc_plugin table = {.struct_size = sizeof(sc_plugin)};
  return &table;
}
