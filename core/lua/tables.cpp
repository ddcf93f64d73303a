// The table library, without metamethods and with a meter: Lua's own functions loop as long as
// __len says, and its sort picks pivots by the clock, so that comparators are not called in the
// same order twice.
#include <limits>
#include <lua.hpp>

#include "lua/frozen.hpp"
#include "lua/library.hpp"
#include "lua/sandbox.hpp"

namespace snapcore {
namespace {

void check_own_table(lua_State* state, int index) {
  luaL_checktype(state, index, LUA_TTABLE);
  if (is_frozen(state, index)) luaL_error(state, "this table is read-only");
}

// Puts what counts for reading in the place of the table at `index`.
void check_readable_table(lua_State* state, int index) {
  luaL_checktype(state, index, LUA_TTABLE);
  push_readable(state, index);
  lua_replace(state, index);
}

lua_Integer length(lua_State* state, int index) {
  return static_cast<lua_Integer>(lua_rawlen(state, index));
}

// How many there are from `first` to `last`; charged before anything is done.
std::uint64_t charge_range(lua_State* state, lua_Integer first, lua_Integer last) {
  if (first > last) return 0;
  const auto count = static_cast<std::uint64_t>(last) - static_cast<std::uint64_t>(first);
  Sandbox::charge(state, count);
  return count + 1;
}

void copy_slot(lua_State* state, int from, lua_Integer at, int to, lua_Integer into) {
  lua_rawgeti(state, from, at);
  lua_rawseti(state, to, into);
}

int insert(lua_State* state) {
  check_own_table(state, 1);
  const lua_Integer end = length(state, 1) + 1;
  if (lua_gettop(state) == 2) {
    lua_rawseti(state, 1, end);
    return 0;
  }
  if (lua_gettop(state) != 3) return luaL_error(state, "wrong number of arguments to 'insert'");
  const lua_Integer position = luaL_checkinteger(state, 2);
  luaL_argcheck(state, position >= 1 && position <= end, 2, "position out of bounds");
  charge_range(state, position, end);
  for (lua_Integer i = end; i > position; --i) copy_slot(state, 1, i - 1, 1, i);
  lua_rawseti(state, 1, position);
  return 0;
}

int remove(lua_State* state) {
  check_own_table(state, 1);
  const lua_Integer size = length(state, 1);
  const lua_Integer position = luaL_optinteger(state, 2, size);
  const bool beside = position == size || position == size + 1 || (size == 0 && position == 0);
  luaL_argcheck(state, beside || (position >= 1 && position <= size), 2, "position out of bounds");
  charge_range(state, position, size);
  lua_rawgeti(state, 1, position);
  for (lua_Integer i = position; i < size; ++i) copy_slot(state, 1, i + 1, 1, i);
  if (position <= size && position >= 1) {
    lua_pushnil(state);
    lua_rawseti(state, 1, size);
  }
  return 1;
}

int move(lua_State* state) {
  const lua_Integer first = luaL_checkinteger(state, 2);
  const lua_Integer last = luaL_checkinteger(state, 3);
  const lua_Integer into = luaL_checkinteger(state, 4);
  const int target = lua_isnoneornil(state, 5) ? 1 : 5;
  check_own_table(state, target);
  const bool same = lua_rawequal(state, 1, target) != 0;
  const std::uint64_t count = charge_range(state, first, last);
  const lua_Integer room =
      std::numeric_limits<lua_Integer>::max() - static_cast<lua_Integer>(count);
  luaL_argcheck(state, into <= room, 4, "destination wrap around");
  lua_pushvalue(state, target);
  check_readable_table(state, 1);
  const bool forward = !same || into <= first || into > last;
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto offset = static_cast<lua_Integer>(forward ? i : count - 1 - i);
    copy_slot(state, 1, first + offset, -2, into + offset);
  }
  return 1;
}

int concat(lua_State* state) {
  check_readable_table(state, 1);
  std::size_t size = 0;
  const char* between = luaL_optlstring(state, 2, "", &size);
  const lua_Integer first = luaL_optinteger(state, 3, 1);
  const lua_Integer last = luaL_optinteger(state, 4, length(state, 1));
  charge_range(state, first, last);
  luaL_Buffer out;
  luaL_buffinit(state, &out);
  for (lua_Integer i = first; i <= last; ++i) {
    lua_rawgeti(state, 1, i);
    if (lua_isstring(state, -1) == 0) {
      return luaL_error(state, "invalid value (at index %I) in table for 'concat': a %s",
                        static_cast<LUAI_UACINT>(i), luaL_typename(state, -1));
    }
    luaL_addvalue(&out);
    if (i == last) break;
    luaL_addlstring(&out, between, size);
  }
  luaL_pushresult(&out);
  return 1;
}

int unpack(lua_State* state) {
  check_readable_table(state, 1);
  const lua_Integer first = luaL_optinteger(state, 2, 1);
  const lua_Integer last = luaL_optinteger(state, 3, length(state, 1));
  const std::uint64_t count = charge_range(state, first, last);
  if (count >= 1'000'000 || lua_checkstack(state, static_cast<int>(count)) == 0) {
    return luaL_error(state, "too many results to unpack");
  }
  for (std::uint64_t i = 0; i < count; ++i)
    lua_rawgeti(state, 1, first + static_cast<lua_Integer>(i));
  return static_cast<int>(count);
}

// --- sort ----------------------------------------------------------------------------------------
// A merge sort from the bottom up: stable, and it ends whatever the comparator says.

// Is the value at -1 before the one at -2? Leaves both.
bool right_first(lua_State* state) {
  if (lua_isnil(state, 2)) return lua_compare(state, -1, -2, LUA_OPLT) != 0;
  lua_pushvalue(state, 2);
  lua_pushvalue(state, -2);
  lua_pushvalue(state, -4);
  lua_call(state, 2, 1);
  const bool result = lua_toboolean(state, -1) != 0;
  lua_pop(state, 1);
  return result;
}

// Merges [low, middle) and [middle, high) of the table at `from` into the one at `to`.
void merge(lua_State* state, int from, int to, lua_Integer low, lua_Integer middle,
           lua_Integer high) {
  lua_Integer left = low, right = middle;
  for (lua_Integer out = low; out < high; ++out) {
    if (left < middle && right < high) {
      lua_rawgeti(state, from, left);
      lua_rawgeti(state, from, right);
      const bool take_right = right_first(state);
      if (!take_right) lua_pop(state, 1);
      lua_rawseti(state, to, out);
      if (take_right) lua_pop(state, 1);
      ++(take_right ? right : left);
    } else {
      copy_slot(state, from, left < middle ? left++ : right++, to, out);
    }
  }
}

int sort(lua_State* state) {
  check_own_table(state, 1);
  if (!lua_isnoneornil(state, 2)) luaL_checktype(state, 2, LUA_TFUNCTION);
  lua_settop(state, 2);
  const lua_Integer size = length(state, 1);
  std::uint64_t rounds = 1;
  for (lua_Integer width = 1; width < size; width *= 2) ++rounds;
  Sandbox::charge(state, static_cast<std::uint64_t>(size) * rounds);
  const int hint = static_cast<int>(size < (1 << 26) ? size : 0);
  lua_createtable(state, hint, 0);  // 3
  lua_createtable(state, hint, 0);  // 4
  for (lua_Integer i = 1; i <= size; ++i) copy_slot(state, 1, i, 3, i);
  int from = 3, to = 4;
  for (lua_Integer width = 1; width < size; width *= 2) {
    for (lua_Integer low = 1; low <= size; low += 2 * width) {
      const lua_Integer middle = low + width < size + 1 ? low + width : size + 1;
      const lua_Integer high = middle + width < size + 1 ? middle + width : size + 1;
      merge(state, from, to, low, middle, high);
    }
    from = 7 - from;
    to = 7 - to;
  }
  for (lua_Integer i = 1; i <= size; ++i) copy_slot(state, from, i, 1, i);
  return 0;
}

}  // namespace

void replace_in_table(lua_State* state) {
  constexpr luaL_Reg kFunctions[] = {{"concat", concat}, {"insert", insert}, {"move", move},
                                     {"remove", remove}, {"sort", sort},     {"unpack", unpack},
                                     {nullptr, nullptr}};
  luaL_setfuncs(state, kFunctions, 0);
}

}  // namespace snapcore
