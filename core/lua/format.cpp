// string.format without addresses: %s takes its text from push_text(), %p does not exist.
#include <cstring>
#include <lua.hpp>

#include "lua/box.hpp"
#include "lua/library.hpp"
#include "lua/sandbox.hpp"

namespace snapcore {
namespace {

const Slot kOriginal{"string.format"};

bool one_of(char c, const char* set) { return c != '\0' && std::strchr(set, c) != nullptr; }

// Wrong arguments are found here, where the error still knows the line of the script.
void prepare_argument(lua_State* state, char conversion, int argument) {
  if (one_of(conversion, "cdiuoxX")) {
    luaL_checkinteger(state, argument);
  } else if (one_of(conversion, "aAeEfFgG")) {
    luaL_checknumber(state, argument);
  } else if (conversion == 's') {
    luaL_checkany(state, argument);
    push_text(state, argument);
    lua_replace(state, argument);
  } else if (conversion == 'p') {
    luaL_error(state, "'%%p' does not exist here: addresses are not the same twice");
  }
}

}  // namespace

void keep_format(lua_State* state) {
  lua_getfield(state, -1, "format");
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kOriginal);
}

int format_text(lua_State* state) {
  std::size_t size = 0;
  const char* format = luaL_checklstring(state, 1, &size);
  int argument = 1;
  for (const char* at = format; at < format + size; ++at) {
    if (*at != '%') continue;
    if (++at < format + size && *at == '%') continue;
    while (at < format + size && one_of(*at, "-+ #0123456789.")) ++at;
    if (at < format + size) prepare_argument(state, *at, ++argument);
  }
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kOriginal);
  lua_insert(state, 1);
  lua_call(state, lua_gettop(state) - 1, 1);
  return 1;
}

}  // namespace snapcore
