#include "lua/failure.hpp"

#include <lua.hpp>

#include "lua/frozen.hpp"
#include "lua/library.hpp"

namespace snapcore {
namespace {

const Slot kFailureMeta{"error"};
const Slot kFailureBox{"failure"};

void set_text(lua_State* state, const char* field, const std::string& text) {
  if (text.empty()) return;
  lua_pushlstring(state, text.data(), text.size());
  lua_setfield(state, -2, field);
}

Failure* failure_of(lua_State* state, int index) {
  index = lua_absindex(state, index);
  if (lua_type(state, index) != LUA_TTABLE || lua_checkstack(state, 2) == 0) return nullptr;
  lua_rawgetp(state, index, &kFailureBox);
  auto* box = static_cast<Box*>(lua_touserdata(state, -1));
  lua_pop(state, 1);
  return box == nullptr ? nullptr : static_cast<Failure*>(box);
}

// "dr.lua:12: no space left": what tostring() and `..`-free printing give; the code of an error
// that is only planned for.
int failure_text(lua_State* state) {
  const Failure* failure = failure_of(state, 1);
  if (failure == nullptr) return 0;
  if (failure->error.message.empty()) {
    lua_pushlstring(state, failure->error.code.data(), failure->error.code.size());
  } else if (failure->line.number != 0) {
    lua_pushfstring(state, "%s:%d: ", failure->line.file.c_str(), failure->line.number);
    lua_pushlstring(state, failure->error.message.data(), failure->error.message.size());
    lua_concat(state, 2);
  } else {
    lua_pushlstring(state, failure->error.message.data(), failure->error.message.size());
  }
  return 1;
}

// A field of a table that a script raised, as text; empty when it has none. The text stays on the
// stack.
const char* text_field(lua_State* state, int index, const char* field, std::size_t* size) {
  lua_pushstring(state, field);
  lua_rawget(state, index);
  *size = 0;
  return lua_type(state, -1) == LUA_TSTRING ? lua_tolstring(state, -1, size) : "";
}

}  // namespace

void define_failure(lua_State* state) {
  push_frozen_metatable(state);
  lua_pushcfunction(state, failure_text);
  lua_setfield(state, -2, "__tostring");
  lua_pushstring(state, kFailureMeta.name);
  lua_setfield(state, -2, "__name");
  lua_rawsetp(state, LUA_REGISTRYINDEX, &kFailureMeta);
}

void push_failure(lua_State* state, int index) {
  index = lua_absindex(state, index);
  const auto* failure =
      static_cast<const Failure*>(static_cast<Box*>(lua_touserdata(state, index)));
  lua_createtable(state, 0, 8);
  set_text(state, "code", failure->error.code);
  set_text(state, "message", failure->error.message);
  set_text(state, "hint", failure->error.hint);
  set_text(state, "step", failure->step);
  set_text(state, "plugin", failure->plugin);
  lua_pushboolean(state, failure->error.category == Category::kTransient);
  lua_setfield(state, -2, "retryable");
  freeze(state);
  lua_pushvalue(state, index);
  lua_rawsetp(state, -2, &kFailureBox);
  lua_rawgetp(state, LUA_REGISTRYINDEX, &kFailureMeta);
  lua_setmetatable(state, -2);
}

int raise_failure(lua_State* state, int index) {
  push_failure(state, index);
  return lua_error(state);
}

int raise_work(lua_State* state, int index, Work& work) {
  work.error = std::move(*work.failed);
  if (work.line.number == 0) work.line = current_line(state);
  return raise_failure(state, index);
}

const Failure* failure_at(lua_State* state, int index) { return failure_of(state, index); }

void adopt_error(lua_State* state, int index) {
  index = lua_absindex(state, index);
  if (lua_type(state, index) != LUA_TTABLE || failure_of(state, index) != nullptr) return;
  luaL_checkstack(state, 10, nullptr);
  const int top = lua_gettop(state);
  std::size_t message_size = 0, code_size = 0, hint_size = 0;
  const char* message = text_field(state, index, "message", &message_size);
  const char* code = text_field(state, index, "code", &code_size);
  const char* hint = text_field(state, index, "hint", &hint_size);
  if (message_size > 0) {
    auto& failure = new_box<Failure>(state);
    failure.error.code = code_size > 0 ? std::string(code, code_size) : "lua.failed";
    failure.error.message.assign(message, message_size);
    failure.error.hint.assign(hint, hint_size);
    failure.line = current_line(state);
    lua_createtable(state, 0, 1);
    lua_pushvalue(state, -2);
    lua_rawsetp(state, -2, &kFailureBox);
    lua_replace(state, index);
  }
  lua_settop(state, top);
}

}  // namespace snapcore
