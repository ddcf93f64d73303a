#include "lua/frozen.hpp"

#include <lua.hpp>

#include "lua/library.hpp"
#include "lua/sandbox.hpp"

namespace snapcore {
namespace {

const Slot kFrozenMeta{"frozen"};
const Slot kReadable{"readable"};

int frozen_index(lua_State* state) {
  lua_settop(state, 2);
  lua_rawgetp(state, 1, &kReadable);
  lua_insert(state, 2);
  lua_rawget(state, 2);
  return 1;
}

int frozen_newindex(lua_State* state) {
  push_text(state, 2);
  return luaL_error(state, "this table is read-only: '%s' cannot be set", lua_tostring(state, -1));
}

int frozen_length(lua_State* state) {
  lua_rawgetp(state, 1, &kReadable);
  lua_pushinteger(state, static_cast<lua_Integer>(lua_rawlen(state, -1)));
  return 1;
}

void push_array(lua_State* state, const Value::Array& items) {
  lua_createtable(state, static_cast<int>(items.size()), 0);
  lua_Integer at = 0;
  for (const Value& item : items) {
    push_value(state, item);
    lua_rawseti(state, -2, ++at);
  }
  freeze(state);
}

void push_object(lua_State* state, const Value::Object& members) {
  lua_createtable(state, 0, static_cast<int>(members.size()));
  for (const auto& [name, member] : members) {
    lua_pushlstring(state, name.data(), name.size());
    push_value(state, member);
    lua_rawset(state, -3);
  }
  freeze(state);
}

}  // namespace

void push_frozen_metatable(lua_State* state) {
  lua_newtable(state);
  lua_pushcfunction(state, frozen_index);
  lua_setfield(state, -2, "__index");
  lua_pushcfunction(state, frozen_newindex);
  lua_setfield(state, -2, "__newindex");
  lua_pushcfunction(state, frozen_length);
  lua_setfield(state, -2, "__len");
  lua_pushboolean(state, 0);
  lua_setfield(state, -2, "__metatable");
}

void define_frozen(lua_State* state) {
  push_frozen_metatable(state);
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kFrozenMeta);
}

void freeze(lua_State* state) {
  lua_createtable(state, 0, 1);
  lua_insert(state, -2);
  lua_rawsetp(state, -2, &kReadable);
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kFrozenMeta);
  lua_setmetatable(state, -2);
}

void push_readable(lua_State* state, int index) {
  index = lua_absindex(state, index);
  if (lua_rawgetp(state, index, &kReadable) == LUA_TTABLE) return;
  lua_pop(state, 1);
  lua_pushvalue(state, index);
}

bool is_frozen(lua_State* state, int index) {
  index = lua_absindex(state, index);
  if (lua_type(state, index) != LUA_TTABLE) return false;
  const bool frozen = lua_rawgetp(state, index, &kReadable) == LUA_TTABLE;
  lua_pop(state, 1);
  return frozen;
}

void push_null(lua_State* state) { lua_pushlightuserdata(state, nullptr); }

void push_value(lua_State* state, const Value& value) {
  luaL_checkstack(state, 4, "a value is nested too deep");
  if (value.is_null()) {
    push_null(state);
  } else if (value.is_bool()) {
    lua_pushboolean(state, value.bool_or(false) ? 1 : 0);
  } else if (value.is_string()) {
    lua_pushlstring(state, value.view().data(), value.view().size());
  } else if (value.is_array()) {
    push_array(state, value.items());
  } else if (value.is_object()) {
    push_object(state, value.members());
  } else if (value.is_integer() && (value.int_or(-1) >= 0 || value.uint_or(0) == 0)) {
    lua_pushinteger(state, value.int_or(0));
  } else {
    lua_pushnumber(state, value.number_or(0));
  }
}

}  // namespace snapcore
