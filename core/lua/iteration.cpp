// pairs and next in one order: numbers, then strings by their bytes, then booleans. It is the same
// in every process, whatever the tables look like inside.
#include <algorithm>
#include <cstring>
#include <lua.hpp>

#include "lua/frozen.hpp"
#include "lua/library.hpp"
#include "lua/sandbox.hpp"

namespace snapcore {
namespace {

struct Key {
  int rank;  // 1 number, 2 string, 3 boolean; 0 has no order
  bool is_integer;
  lua_Integer integer;
  lua_Number number;
  const char* text;  // lives as long as the table holds the key
  std::size_t size;
  lua_Integer position;
};

Key key_at(lua_State* state, int index) {
  Key key{};
  switch (lua_type(state, index)) {
    case LUA_TNUMBER:
      key.rank = 1;
      key.is_integer = lua_isinteger(state, index) != 0;
      key.integer = key.is_integer ? lua_tointegerx(state, index, nullptr) : 0;
      key.number = lua_tonumberx(state, index, nullptr);
      break;
    case LUA_TSTRING:
      key.rank = 2;
      key.text = lua_tolstring(state, index, &key.size);
      break;
    case LUA_TBOOLEAN:
      key.rank = 3;
      key.integer = lua_toboolean(state, index);
      break;
    default: break;
  }
  return key;
}

bool before(const Key& a, const Key& b) {
  if (a.rank != b.rank) return a.rank < b.rank;
  if (a.rank == 2) {
    const int order = std::memcmp(a.text, b.text, std::min(a.size, b.size));
    return order != 0 ? order < 0 : a.size < b.size;
  }
  if (a.rank == 3 || (a.is_integer && b.is_integer)) return a.integer < b.integer;
  const long double left = a.is_integer ? static_cast<long double>(a.integer) : a.number;
  const long double right = b.is_integer ? static_cast<long double>(b.integer) : b.number;
  return left < right;
}

int refuse_key(lua_State* state, int index) {
  return luaL_error(state, "%s keys have no stable order; use numbers, strings or booleans as keys",
                    luaL_typename(state, index));
}

// Collects the keys of the table at 1 into a table, sorted, and pushes it.
void push_sorted_keys(lua_State* state) {
  lua_newtable(state);  // in the table's own order
  const int unsorted = lua_gettop(state);
  lua_Integer count = 0;
  lua_pushnil(state);
  while (lua_next(state, 1) != 0) {
    lua_pop(state, 1);
    if (key_at(state, -1).rank == 0) refuse_key(state, -1);
    lua_pushvalue(state, -1);
    lua_rawseti(state, unsorted, ++count);
  }
  const auto size = static_cast<std::size_t>(count);
  Sandbox::charge(state, size * 4);
  auto* keys =
      static_cast<Key*>(lua_newuserdatauv(state, std::max<std::size_t>(1, size) * sizeof(Key), 0));
  for (lua_Integer i = 1; i <= count; ++i) {
    lua_rawgeti(state, unsorted, i);
    keys[i - 1] = key_at(state, -1);
    keys[i - 1].position = i;
    lua_pop(state, 1);
  }
  std::sort(keys, keys + size, before);
  lua_createtable(state, static_cast<int>(std::min<lua_Integer>(count, 1 << 26)), 0);
  for (lua_Integer i = 1; i <= count; ++i) {
    lua_rawgeti(state, unsorted, keys[i - 1].position);
    lua_rawseti(state, -2, i);
  }
  lua_replace(state, unsorted);
  lua_settop(state, unsorted);
}

// Upvalues: the table, its keys in order, how far we are. What was removed meanwhile is passed
// over.
int next_in_order(lua_State* state) {
  lua_Integer at = lua_tointeger(state, lua_upvalueindex(3));
  for (;;) {
    lua_settop(state, 0);
    lua_rawgeti(state, lua_upvalueindex(2), ++at);
    if (lua_isnil(state, 1)) break;
    lua_pushvalue(state, 1);
    if (lua_rawget(state, lua_upvalueindex(1)) != LUA_TNIL) break;
  }
  lua_pushinteger(state, at);
  lua_replace(state, lua_upvalueindex(3));
  return lua_isnil(state, 1) ? 1 : 2;
}

}  // namespace

int ordered_pairs(lua_State* state) {
  luaL_checkany(state, 1);
  if (luaL_getmetafield(state, 1, "__pairs") != LUA_TNIL) {
    lua_pushvalue(state, 1);
    lua_call(state, 1, 3);
    return 3;
  }
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_settop(state, 1);
  push_readable(state, 1);
  lua_replace(state, 1);
  push_sorted_keys(state);
  lua_pushinteger(state, 0);
  lua_pushcclosure(state, next_in_order, 3);
  return 1;
}

// The smallest key after the given one: slow on large tables, and never out of order.
int ordered_next(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  lua_settop(state, 2);
  push_readable(state, 1);
  lua_replace(state, 1);
  const bool first = lua_isnil(state, 2);
  const Key after = key_at(state, 2);
  if (!first && after.rank == 0) refuse_key(state, 2);
  lua_pushnil(state);  // 3: the best so far
  Key best{};
  std::uint64_t seen = 0;
  lua_pushnil(state);
  while (lua_next(state, 1) != 0) {
    lua_pop(state, 1);
    ++seen;
    const Key key = key_at(state, -1);
    if (key.rank == 0) refuse_key(state, -1);
    if ((first || before(after, key)) && (best.rank == 0 || before(key, best))) {
      best = key;
      lua_pushvalue(state, -1);
      lua_replace(state, 3);
    }
  }
  Sandbox::charge(state, seen);
  if (best.rank == 0) {
    lua_pushnil(state);
    return 1;
  }
  lua_pushvalue(state, 3);
  lua_pushvalue(state, 3);
  lua_rawget(state, 1);
  return 2;
}

}  // namespace snapcore
