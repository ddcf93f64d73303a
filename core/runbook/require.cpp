#include <lua.hpp>

#include "lua/failure.hpp"
#include "lua/sandbox.hpp"
#include "runbook/session.hpp"
#include "runbook/words.hpp"

namespace snapcore {
namespace {

struct RequireWork : Work {
  std::string file;
  std::string text;
  bool stands_for_nothing = false;  // there is no such module, and a check goes on without it
};

// Stands for a module while it is loaded.
Slot loading_slot{"loading"};

void find(Session& session, const std::string& name, RequireWork& work) {
  const auto found = session.sources.module(name);
  Checking* checking = session.gate.checking();
  if (!found && checking != nullptr) {
    checking->findings.push_back({to_line(work.line), found.error()});
    work.stands_for_nothing = true;
  } else if (!found) {
    work.failed = found.error();
  } else {
    work.file = name + ".lua";
    work.text = session.sources.all()[*found].text;
  }
}

}  // namespace

// require "lib/site": what lib/site.lua returns; it runs once. Upvalue: the modules so far, by
// name.
int word_require(lua_State* state) {
  luaL_checktype(state, 1, LUA_TSTRING);
  lua_settop(state, 1);
  lua_pushvalue(state, 1);
  if (lua_rawget(state, lua_upvalueindex(1)) != LUA_TNIL) {
    if (lua_touserdata(state, -1) != &loading_slot) return 1;
    return luaL_error(state, "module '%s' requires itself", lua_tostring(state, 1));
  }
  lua_settop(state, 1);
  auto& work = new_box<RequireWork>(state);  // 2
  work.line = current_line(state);
  guarded(work.failed, [&] {
    std::size_t size = 0;
    const char* text = lua_tolstring(state, 1, &size);
    find(session_of(state), std::string(text, size), work);
  });
  if (work.failed) return raise_work(state, 2, work);
  if (work.stands_for_nothing) {
    push_unknown(state);
    return 1;
  }
  lua_pushvalue(state, 1);
  lua_pushlightuserdata(state, &loading_slot);
  lua_rawset(state, lua_upvalueindex(1));
  load_text(state, work.file.c_str(), work.text.data(), work.text.size());
  lua_call(state, 0, 1);
  if (lua_isnil(state, -1)) {
    lua_pop(state, 1);
    lua_pushboolean(state, 1);
  }
  lua_pushvalue(state, 1);
  lua_pushvalue(state, -2);
  lua_rawset(state, lua_upvalueindex(1));
  return 1;
}

}  // namespace snapcore
