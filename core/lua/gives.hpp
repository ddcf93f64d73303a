// Whether a function of a script gives anything to its caller, by what Lua compiled it to.
#pragma once

struct lua_State;

namespace snapcore {

// False: it has no `return` with a value, so that it never gives any. True also when nobody can
// tell. Leaves the stack as it is.
bool may_give_something(lua_State* state, int function);

}  // namespace snapcore
