// From Lua to Value, guided by a schema: an empty table is a list or an object as the schema says,
// and a number with a whole value is an integer where one is wanted.
#pragma once

#include <snapcore/error.hpp>
#include <snapcore/value.hpp>
#include <string>

struct lua_State;

namespace snapcore {

// What a full userdata stands for. `depth` is 0 for the value itself, 1 for its members. Must not
// raise.
using ReadUserdata = Result<Value> (*)(lua_State* state, int index, int depth);

// The value at `index`. `what` names it in messages ("at" of an argument: "members[2].peer").
// "lua.bad_value": functions, cycles, tables that are neither list nor object, text that is not
// UTF-8, numbers JSON has not, too much. Makes only Lua calls that never raise.
Result<Value> read_value(lua_State* state, int index, const Value& schema, std::string what,
                         ReadUserdata userdata = nullptr);

}  // namespace snapcore
