// The parts of the safe library. Internal to this folder; every function raises.
#pragma once

#include <cstdint>

struct lua_State;

namespace snapcore {

// All of it: metatables, basics, libraries, the sealed global environment.
void open_library(lua_State* state, std::uint64_t seed);

// Each expects Lua's own library table on top of the stack and replaces what is not safe in it.
void replace_in_string(lua_State* state);
void replace_in_table(lua_State* state);

// string.format, and what it needs: Lua's own, from the library table on top of the stack.
int format_text(lua_State* state);
void keep_format(lua_State* state);
int ordered_pairs(lua_State* state);
int ordered_next(lua_State* state);

void define_frozen(lua_State* state);
void define_failure(lua_State* state);

}  // namespace snapcore
