// Runs a script in a sandbox with one word, emit(...), which remembers texts.
#pragma once

#include <lua.hpp>
#include <string>
#include <vector>

#include "lua/failure.hpp"
#include "lua/sandbox.hpp"

namespace snapcore::test {

struct Ran {
  Result<> result;
  std::vector<std::string> emitted;
  std::string traceback;
};

struct Script {
  std::string text;
  std::vector<std::string>* emitted;
  int (*prepare)(lua_State*) = nullptr;  // defines more words
};

inline int emit(lua_State* state) {
  auto* emitted =
      static_cast<std::vector<std::string>*>(lua_touserdata(state, lua_upvalueindex(1)));
  const int count = lua_gettop(state);
  for (int i = 1; i <= count; ++i) {
    push_text(state, i);
    std::size_t size = 0;
    const char* text = lua_tolstring(state, -1, &size);
    emitted->emplace_back(text, size);
    lua_pop(state, 1);
  }
  return 0;
}

inline int body(lua_State* state) {
  const auto& script = *static_cast<const Script*>(lua_touserdata(state, 1));
  lua_pushlightuserdata(state, script.emitted);
  lua_pushcclosure(state, emit, 1);
  define_global(state, "emit");
  if (script.prepare != nullptr) script.prepare(state);
  load_text(state, "a.lua", script.text.data(), script.text.size());
  lua_call(state, 0, 0);
  return 0;
}

inline Ran run_script(std::string text, Sandbox::Limits limits = {}, std::uint64_t seed = 1,
                      int (*prepare)(lua_State*) = nullptr) {
  Ran ran;
  Script script{std::move(text), &ran.emitted, prepare};
  Sandbox sandbox(limits, seed);
  ran.result = sandbox.protect(body, &script);
  ran.traceback = sandbox.traceback();
  return ran;
}

// The message of the error, "" when the script ended well.
inline std::string error_of(const std::string& text, Sandbox::Limits limits = {}) {
  const Ran ran = run_script(text, limits);
  return ran.result ? "" : ran.result.error().message;
}

inline std::string code_of(const std::string& text, Sandbox::Limits limits = {}) {
  const Ran ran = run_script(text, limits);
  return ran.result ? "" : ran.result.error().code;
}

}  // namespace snapcore::test
