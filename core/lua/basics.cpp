// The basics: what stays of Lua's base library, what is replaced, and the sealed environment.
#include <cstring>
#include <lua.hpp>

#include "lua/box.hpp"
#include "lua/failure.hpp"
#include "lua/frozen.hpp"
#include "lua/globals.hpp"
#include "lua/library.hpp"
#include "lua/sandbox.hpp"

namespace snapcore {
namespace {

const Slot kWords{"words"};

// --- replaced basics -----------------------------------------------------------------------------

int to_string(lua_State* state) {
  luaL_checkany(state, 1);
  push_text(state, 1);
  return 1;
}

int raw_length(lua_State* state) {
  if (lua_type(state, 1) == LUA_TTABLE) {
    push_readable(state, 1);
    lua_replace(state, 1);
  } else {
    luaL_argexpected(state, lua_type(state, 1) == LUA_TSTRING, 1, "table or string");
  }
  lua_pushinteger(state, static_cast<lua_Integer>(lua_rawlen(state, 1)));
  return 1;
}

// A finalizer runs when it likes and a weak table forgets when it likes: neither is the same twice.
int set_metatable(lua_State* state) {
  luaL_checktype(state, 1, LUA_TTABLE);
  luaL_argexpected(state, lua_isnil(state, 2) || lua_istable(state, 2), 2, "nil or table");
  lua_settop(state, 2);
  if (luaL_getmetafield(state, 1, "__metatable") != LUA_TNIL) {
    return luaL_error(state, "the metatable of this table cannot be changed");
  }
  if (lua_istable(state, 2)) {
    for (const char* event : {"__gc", "__mode"}) {
      lua_pushstring(state, event);
      if (lua_rawget(state, 2) != LUA_TNIL) {
        return luaL_error(
            state, "metatables cannot have %s here: when it acts is not the same twice", event);
      }
      lua_pop(state, 1);
    }
  }
  lua_setmetatable(state, 1);
  return 1;
}

// What unwinding costs in the build of Lua that throws, in instructions: a loop of caught errors is
// long before its instructions are many.
constexpr std::uint64_t kCaughtError = 1000;

// Behind a call of lua_pcall that stands on the stack from `base` on with `true` below its results.
int finish_call(lua_State* state, int status, int base) {
  if (status == LUA_OK) return lua_gettop(state) - base;
  Sandbox::charge(state, kCaughtError);
  lua_pushboolean(state, 0);
  lua_insert(state, -2);
  return 2;
}

int protected_call(lua_State* state) {
  luaL_checkany(state, 1);
  lua_pushboolean(state, 1);
  lua_insert(state, 1);
  return finish_call(state, lua_pcall(state, lua_gettop(state) - 2, LUA_MULTRET, 0), 0);
}

// After a stop the message handler would run with the hook asleep, so it is not run at all.
int guarded_handler(lua_State* state) {
  if (Sandbox::strand_of(state).stopping()) return 1;
  lua_settop(state, 1);
  lua_pushvalue(state, lua_upvalueindex(1));
  lua_insert(state, 1);
  lua_call(state, 1, 1);
  return 1;
}

int handled_call(lua_State* state) {
  luaL_checktype(state, 2, LUA_TFUNCTION);
  lua_pushvalue(state, 2);
  lua_pushcclosure(state, guarded_handler, 1);
  lua_replace(state, 2);
  const int given = lua_gettop(state) - 2;
  lua_pushboolean(state, 1);
  lua_pushvalue(state, 1);
  lua_rotate(state, 3, 2);  // true and the function below the arguments
  return finish_call(state, lua_pcall(state, given, LUA_MULTRET, 2), 2);
}

// --- the environment -----------------------------------------------------------------------------

int missing_global(lua_State* state) {
  lua_settop(state, 2);
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kWords);
  lua_pushvalue(state, 2);
  if (lua_rawget(state, 3) != LUA_TNIL) return 1;
  push_text(state, 2);
  return luaL_error(state, "there is no global '%s' here", lua_tostring(state, -1));
}

int new_global(lua_State* state) {
  push_text(state, 2);
  const char* name = lua_tostring(state, -1);
  return luaL_error(state, "'%s' cannot be set: globals are fixed; write 'local %s = ...'", name,
                    name);
}

void copy_basics(lua_State* state, int from, int to) {
  for (const char* name :
       {"assert", "error", "getmetatable", "ipairs", "rawequal", "select", "tonumber", "type"}) {
    lua_getfield(state, from, name);
    lua_setfield(state, to, name);
  }
  constexpr luaL_Reg kReplaced[] = {{"next", ordered_next},   {"pairs", ordered_pairs},
                                    {"rawlen", raw_length},   {"setmetatable", set_metatable},
                                    {"tostring", to_string},  {"pcall", protected_call},
                                    {"xpcall", handled_call}, {nullptr, nullptr}};
  lua_pushvalue(state, to);
  luaL_setfuncs(state, kReplaced, 0);
  push_null(state);
  lua_setfield(state, -2, "null");
  lua_pop(state, 1);
}

// Calls Lua's own opener and leaves its library table on the stack.
void open(lua_State* state, lua_CFunction opener) {
  lua_pushcfunction(state, opener);
  lua_call(state, 0, 1);
}

void forget(lua_State* state, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    lua_pushnil(state);
    lua_setfield(state, -2, name);
  }
}

void open_string(lua_State* state) {
  open(state, luaopen_string);
  forget(state, {"dump", "pack", "packsize", "unpack"});
  replace_in_string(state);
  lua_pushliteral(state, "");
  lua_getmetatable(state, -1);
  lua_pushboolean(state, 0);
  lua_setfield(state, -2, "__metatable");
  lua_pop(state, 2);
  define_global(state, "string");
}

void open_math(lua_State* state, std::uint64_t seed) {
  open(state, luaopen_math);
  lua_getfield(state, -1, "randomseed");
  lua_pushinteger(state, static_cast<lua_Integer>(seed));
  lua_call(state, 1, 0);
  forget(state, {"randomseed"});
  define_global(state, "math");
}

void seal_environment(lua_State* state) {
  lua_newtable(state);
  lua_newtable(state);
  lua_pushcfunction(state, missing_global);
  lua_setfield(state, -2, "__index");
  lua_pushcfunction(state, new_global);
  lua_setfield(state, -2, "__newindex");
  lua_pushboolean(state, 0);
  lua_setfield(state, -2, "__metatable");
  lua_setmetatable(state, -2);
  lua_rawseti(state, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}

}  // namespace

void push_text(lua_State* state, int index) {
  index = lua_absindex(state, index);
  if (luaL_getmetafield(state, index, "__tostring") != LUA_TNIL) {
    lua_pop(state, 1);
    luaL_tolstring(state, index, nullptr);
    return;
  }
  switch (lua_type(state, index)) {
    case LUA_TNUMBER:
    case LUA_TSTRING:
    case LUA_TBOOLEAN:
    case LUA_TNIL: luaL_tolstring(state, index, nullptr); return;
    case LUA_TLIGHTUSERDATA: lua_pushliteral(state, "null"); return;
    default: break;
  }
  const int found = luaL_getmetafield(state, index, "__name");
  if (found == LUA_TSTRING) return;
  if (found != LUA_TNIL) lua_pop(state, 1);
  lua_pushstring(state, luaL_typename(state, index));
}

void define_global(lua_State* state, const char* name) {
  if (lua_istable(state, -1) && !is_frozen(state, -1)) freeze(state);
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kWords);
  lua_insert(state, -2);
  lua_setfield(state, -2, name);
  lua_pop(state, 1);
}

void list_globals(lua_State* state, std::vector<std::string>& names) {
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kWords);
  std::optional<Error> no_memory;
  lua_pushnil(state);
  while (lua_next(state, -2) != 0) {
    lua_pop(state, 1);
    std::size_t size = 0;
    const char* name = lua_tolstring(state, -1, &size);
    guarded(no_memory, [&] { names.emplace_back(name, size); });
  }
  lua_pop(state, 1);
}

void load_text(lua_State* state, const char* file, const char* text, std::size_t size) {
  const char* name = lua_pushfstring(state, "@%s", file);
  // A first line for the shell is no Lua; its line feed stays, for the line numbers.
  const char* begin = text;
  if (size > 0 && *begin == '#') {
    const auto* end = static_cast<const char*>(std::memchr(begin, '\n', size));
    begin = end == nullptr ? text + size : end;
  }
  const int status =
      luaL_loadbufferx(state, begin, size - static_cast<std::size_t>(begin - text), name, "t");
  lua_remove(state, -2);
  if (status == LUA_OK) return;
  if (status != LUA_ERRSYNTAX) lua_error(state);
  auto& failure = new_box<Failure>(state);
  std::size_t length = 0;
  const char* message = lua_tolstring(state, -2, &length);
  failure.error.code = "lua.syntax";
  failure.error.message.assign(message, length);
  raise_failure(state, -1);
}

void open_library(lua_State* state, std::uint64_t seed) {
  luaL_checkstack(state, 20, nullptr);
  define_box(state, kPlainBox, {});
  define_frozen(state);
  define_failure(state);
  lua_newtable(state);
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kWords);

  open(state, luaopen_base);
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kWords);
  copy_basics(state, lua_gettop(state) - 1, lua_gettop(state));
  lua_pop(state, 2);

  open_string(state);
  open_math(state, seed);
  open(state, luaopen_utf8);
  define_global(state, "utf8");
  open(state, luaopen_table);
  replace_in_table(state);
  define_global(state, "table");
  seal_environment(state);
}

}  // namespace snapcore
