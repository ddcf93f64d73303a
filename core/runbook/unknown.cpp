// What a check lets a runbook hold in place of a value that only a live system knows.
//
// Whatever is done with it gives something of its kind, or goes one of two ways: comparisons and
// conditions are true in one pass over the runbook and false in the other. What cannot go on with
// it raises, as always; a check does not report that, since it would not have happened.
#include <lua.hpp>

#include "runbook/session.hpp"
#include "runbook/words.hpp"

namespace snapcore {

const Slot kUnknown{"value that nobody knows yet"};

namespace {

int more(lua_State* state) {
  push_unknown(state);
  return 1;
}

// As a list it has one item.
int index(lua_State* state) {
  if (lua_isinteger(state, 2) != 0 && lua_tointegerx(state, 2, nullptr) != 1) return 0;
  return more(state);
}

int compare(lua_State* state) {
  const Checking* checking = session_of(state).gate.checking();
  lua_pushboolean(state, checking == nullptr || checking->says ? 1 : 0);
  return 1;
}

int text(lua_State* state) {
  lua_pushlstring(state, kNobodyKnows.data(), kNobodyKnows.size());
  return 1;
}

int length(lua_State* state) {
  lua_pushinteger(state, 1);
  return 1;
}

int refuse_change(lua_State* state) { return luaL_error(state, "a result cannot be changed"); }

int next(lua_State* state) {
  if (!lua_isnil(state, 2)) return 0;
  text(state);
  push_unknown(state);
  return 2;
}

}  // namespace

int unknown_pairs(lua_State* state) {
  lua_pushcfunction(state, next);
  push_unknown(state);
  lua_pushnil(state);
  return 3;
}

void push_unknown(lua_State* state) {
  if (Checking* checking = session_of(state).gate.checking()) checking->guessed = true;
  new_box<Unknown>(state, kUnknown);
}

void define_unknown(lua_State* state) {
  define_box(state, kUnknown,
             {{"__index", index},
              {"__newindex", refuse_change},
              {"__pairs", unknown_pairs},
              {"__tostring", text},
              {"__concat", text},
              {"__len", length},
              {"__eq", compare},
              {"__lt", compare},
              {"__le", compare}});
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kUnknown);
  for (const char* event :
       {"__call", "__add", "__sub", "__mul", "__div", "__idiv", "__mod", "__pow", "__unm", "__band",
        "__bor", "__bxor", "__bnot", "__shl", "__shr"}) {
    lua_pushcfunction(state, more);
    lua_setfield(state, -2, event);
  }
  lua_pop(state, 1);
}

}  // namespace snapcore
