// Errors as scripts see them: read-only tables with code, message, hint, step, plugin and
// retryable, and a text for tostring(). Behind each stands the whole Error, so nothing is lost when
// a script passes it on.
#pragma once

#include <optional>
#include <snapcore/error.hpp>
#include <string>

#include "lua/box.hpp"
#include "lua/sandbox.hpp"

namespace snapcore {

struct Failure : Box {
  Error error;
  ScriptLine line;
  std::string step;
  std::string plugin;
};

// What a binding works on: members of it may have destructors. `failed` is what guarded() fills.
struct Work : Failure {
  std::optional<Error> failed;
};

// Pushes the table that scripts see of the failure in the box at `index`. Raises.
void push_failure(lua_State* state, int index);

// Raises the failure in the box at `index` (a Failure, or derived from it).
int raise_failure(lua_State* state, int index);

// Raises `work.failed`, whose box stands at `index`, at the current line unless it has one.
int raise_work(lua_State* state, int index, Work& work);

// The failure behind the error value at `index`, else null. Never raises.
const Failure* failure_at(lua_State* state, int index);

// A table with a `message` that a script raised becomes a failure, in its place. Anything else
// stays.
void adopt_error(lua_State* state, int index);

}  // namespace snapcore
