// The word `secret` of a site file. What it gives is a reference and never the text behind it.
#pragma once

#include <snapcore/error.hpp>
#include <snapcore/value.hpp>

struct lua_State;

namespace snapcore {

// Defines the global `secret` with env, file and command. Raises.
void define_secret_words(lua_State* state);

// For read_value(): a secret becomes {"$secret": "env:NAME"}.
Result<Value> read_secret_reference(lua_State* state, int index, int depth);

}  // namespace snapcore
