#include "lua/box.hpp"

#include <lua.hpp>

namespace snapcore {

const Slot kPlainBox{"box"};

namespace {

int destroy(lua_State* state) {
  static_cast<Box*>(lua_touserdata(state, 1))->~Box();
  // A box that is reached once more, by a finalizer of its holder, must not be destroyed twice.
  lua_pushnil(state);
  lua_setmetatable(state, 1);
  return 0;
}

}  // namespace

void define_box(lua_State* state, const Slot& kind, std::initializer_list<Metamethod> metamethods) {
  lua_newtable(state);
  lua_pushstring(state, kind.name);
  lua_setfield(state, -2, "__name");
  lua_pushboolean(state, 0);
  lua_setfield(state, -2, "__metatable");
  lua_pushcfunction(state, destroy);
  lua_setfield(state, -2, "__gc");
  for (const Metamethod& metamethod : metamethods) {
    lua_pushcfunction(state, metamethod.function);
    lua_setfield(state, -2, metamethod.event);
  }
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kind);
}

Box* box_at(lua_State* state, int index, const Slot& kind) {
  if (lua_type(state, index) != LUA_TUSERDATA || lua_getmetatable(state, index) == 0)
    return nullptr;
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kind);
  const bool same = lua_rawequal(state, -1, -2) != 0;
  lua_pop(state, 2);
  return same ? static_cast<Box*>(lua_touserdata(state, index)) : nullptr;
}

void* new_box_memory(lua_State* state, std::size_t size, int user_values) {
  return lua_newuserdatauv(state, size, user_values);
}

void seal_box(lua_State* state, const Slot& kind) {
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kind);
  lua_setmetatable(state, -2);
}

}  // namespace snapcore
