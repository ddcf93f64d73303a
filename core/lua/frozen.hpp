// Read-only tables and values from outside.
//
// A frozen table is an empty table that shows another one: reading, #, pairs, ipairs and next work,
// writing raises. Results, parameters, site values and the libraries are frozen, all the way down.
#pragma once

#include <snapcore/value.hpp>

#include "lua/box.hpp"

struct lua_State;

namespace snapcore {

// Replaces the table on top of the stack by a frozen view of it. Raises.
void freeze(lua_State* state);

// Pushes the table that counts for reading: what is behind a frozen one, else the one at `index`
// itself. Needs one free stack slot; never raises.
void push_readable(lua_State* state, int index);
bool is_frozen(lua_State* state, int index);

// A new metatable with everything a frozen table needs, for tables that are more than that. Raises.
void push_frozen_metatable(lua_State* state);

// Pushes a value; arrays and objects are frozen, null is the constant null, an integer beyond 63
// bits is a float. `value` must be owned by a box or outlive the state. Raises.
void push_value(lua_State* state, const Value& value);

void push_null(lua_State* state);

}  // namespace snapcore
